import { describe, expect, test } from 'vitest';
import { parsePlace, placeFlags, placeName, startWith } from '../../../../services/runtime/server/places.ts';

const full =
  's3://my.bucket-1/deep/er?endpoint=http://127.0.0.1:9000&region=eu-west-1&path-style=true&profile=old&encryption=aws:kms&kms-key=alias/blobs';

describe('places', () => {
  test('are the data directory or a bucket', () => {
    expect(parsePlace('local')).toEqual({ kind: 'local' });
    expect(parsePlace('s3://packages')).toMatchObject({ kind: 's3', bucket: 'packages', prefix: '' });
    expect(parsePlace(full)).toEqual({
      kind: 's3',
      bucket: 'my.bucket-1',
      prefix: 'deep/er/',
      endpoint: 'http://127.0.0.1:9000',
      region: 'eu-west-1',
      pathStyle: true,
      profile: 'old',
      encryption: 'aws:kms',
      kmsKey: 'alias/blobs',
    });
    expect(parsePlace('file:///mnt/my%20blobs/')).toEqual({ kind: 'local', directory: '/mnt/my blobs' });
  });

  test.each([
    [full, 's3://my.bucket-1/deep/er?endpoint=http://127.0.0.1:9000'],
    ['s3://packages/?region=x', 's3://packages'],
    [
      's3://packages?endpoint=https://MinIO.internal:443/&path-style=true',
      's3://packages?endpoint=https://minio.internal',
    ],
    ['s3://packages/a?endpoint=https://store.test/s3/', 's3://packages/a?endpoint=https://store.test/s3'],
    ['s3://packages?endpoint=https://s3.dualstack.eu-west-1.amazonaws.com', 's3://packages'],
    ['s3://packages?endpoint=https://s3.cn-north-1.amazonaws.com.cn', 's3://packages'],
    [
      's3://packages?endpoint=https://amazonaws.com.test',
      's3://packages?endpoint=https://amazonaws.com.test',
    ],
    ['file:///mnt/my%20blobs/', 'file:///mnt/my%20blobs'],
    ['local', 'local'],
  ])('%s is named by what tells it from all others', (text, name) => {
    expect(placeName(parsePlace(text))).toBe(name);
    expect(placeName(parsePlace(name))).toBe(name);
  });

  test('are told as flags by their names', () => {
    const place = placeName(parsePlace(full));
    expect(startWith({ place, from: 's3://old?endpoint=https://minio.internal' })).toBe(
      "with --bucket my.bucket-1 --s3-prefix deep/er/ --s3-endpoint http://127.0.0.1:9000 --migrate-from 's3://old?endpoint=https://minio.internal' (and its path style, region and profile)",
    );
  });

  test('are told as they are where flags can not be made of a name', () => {
    expect(startWith({ place: 's3://My_Bucket' })).toBe('with s3://My_Bucket as the store');
    expect(startWith({ place: 'local', from: 'file:///mnt/my%20blobs' })).toBe(
      "without --bucket and --blob-dir, with --migrate-from 'file:///mnt/my%20blobs'",
    );
    expect(startWith({ place: 'file:///mnt/my%20blobs' })).toBe("with --blob-dir '/mnt/my blobs'");
  });

  test('tell the flags that make them the store of a server', () => {
    expect(placeFlags(parsePlace(full))).toBe(
      '--bucket my.bucket-1 --s3-prefix deep/er/ --s3-endpoint http://127.0.0.1:9000 --s3-path-style true --s3-profile old --s3-encryption aws:kms --s3-kms-key alias/blobs --region eu-west-1',
    );
    expect(placeFlags(parsePlace('local'))).toBe('');
    expect(placeFlags(parsePlace('file:///mnt/blobs'))).toBe('--blob-dir /mnt/blobs');
  });

  test.each([
    ['', 'is no place'],
    ['/var/lib', 'is no place'],
    ['s3://UPPER', 'is no place'],
    ['s3://packages?secret=1', 'secret is no option'],
    ['s3://packages?endpoint=minio:9000', 'an endpoint is an http or https URL'],
    ['s3://packages?endpoint=https://key:hush@minio', 'an endpoint holds no credentials'],
    ['s3://packages?encryption=rot13', 'encryption is one of AES256, aws:kms, aws:kms:dsse'],
    ['file://elsewhere/mnt', 'this is no place'],
    ['file:relative', 'this is no place'],
    ['s3://packages?region=', 'region needs a value'],
    ['s3://packages?path-style=maybe', 'true or false'],
    ['s3://packages/ä', 'is no prefix'],
    ['s3://packages/blobs/x', 'does not start with blobs/'],
  ])('%j is refused', (text, message) => expect(() => parsePlace(text)).toThrow(message));

  test.each(['s3://key:hush@packages', 's3://packages?endpoint=https://key:hush@minio', 'hush'])(
    'what is wrong with %s is told without repeating a secret',
    (text) => expect(() => parsePlace(text)).not.toThrow('hush'),
  );
});
