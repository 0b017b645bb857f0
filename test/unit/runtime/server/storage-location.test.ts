import { describe, expect, test } from 'vitest';
import {
  locationFlags,
  locationName,
  parseLocation,
  startWith,
} from '../../../../services/runtime/server/storage-location.ts';

const full =
  's3://my.bucket-1/deep/er?endpoint=http://127.0.0.1:9000&region=eu-west-1&path-style=true&profile=old&encryption=aws:kms&kms-key=alias/blobs';

describe('storage locations', () => {
  test('are the data directory, another directory or a bucket', () => {
    expect(parseLocation('local')).toEqual({ kind: 'local' });
    expect(parseLocation('s3://packages')).toMatchObject({ kind: 's3', bucket: 'packages', prefix: '' });
    expect(parseLocation(full)).toEqual({
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
    expect(parseLocation('file:///mnt/my%20blobs/')).toEqual({ kind: 'local', directory: '/mnt/my blobs' });
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
  ])('have a canonical name of the parts that identify them: %s', (text, name) => {
    expect(locationName(parseLocation(text))).toBe(name);
    expect(locationName(parseLocation(name))).toBe(name);
  });

  test('are printed as flags made from their names', () => {
    const location = locationName(parseLocation(full));
    expect(startWith({ location, from: 's3://old?endpoint=https://minio.internal' })).toBe(
      "with --bucket my.bucket-1 --s3-prefix deep/er/ --s3-endpoint http://127.0.0.1:9000 --migrate-from 's3://old?endpoint=https://minio.internal' (and its path style, region and profile)",
    );
  });

  test('are printed as they are if flags cannot be made from the name', () => {
    expect(startWith({ location: 's3://My_Bucket' })).toBe('with s3://My_Bucket as the store');
    expect(startWith({ location: 'local', from: 'file:///mnt/my%20blobs' })).toBe(
      "without --bucket and --blob-dir, with --migrate-from 'file:///mnt/my%20blobs'",
    );
    expect(startWith({ location: 'file:///mnt/my%20blobs' })).toBe("with --blob-dir '/mnt/my blobs'");
  });

  test('convert to the flags that make them the store of a server', () => {
    expect(locationFlags(parseLocation(full))).toBe(
      '--bucket my.bucket-1 --s3-prefix deep/er/ --s3-endpoint http://127.0.0.1:9000 --s3-path-style true --s3-profile old --s3-encryption aws:kms --s3-kms-key alias/blobs --region eu-west-1',
    );
    expect(locationFlags(parseLocation('local'))).toBe('');
    expect(locationFlags(parseLocation('file:///mnt/blobs'))).toBe('--blob-dir /mnt/blobs');
  });

  test.each([
    ['', 'invalid storage location'],
    ['/var/lib', 'invalid storage location'],
    ['s3://UPPER', 'invalid storage location'],
    ['s3://packages?secret=1', 'unknown option secret'],
    ['s3://packages?endpoint=minio:9000', 'an endpoint must be an http or https URL'],
    ['s3://packages?endpoint=https://key:hush@minio', 'an endpoint must not contain credentials'],
    ['s3://packages?encryption=rot13', 'encryption must be one of AES256, aws:kms, aws:kms:dsse'],
    ['file://elsewhere/mnt', 'invalid storage location'],
    ['file:relative', 'invalid storage location'],
    ['s3://packages?region=', 'region needs a value'],
    ['s3://packages?path-style=maybe', 'true or false'],
    ['s3://packages/ä', 'invalid prefix'],
    ['s3://packages/blobs/x', 'must not start with blobs/'],
  ])('are rejected when invalid: %j', (text, message) => expect(() => parseLocation(text)).toThrow(message));

  test.each(['s3://key:hush@packages', 's3://packages?endpoint=https://key:hush@minio', 'hush'])(
    'are rejected without repeating a secret: %s',
    (text) => expect(() => parseLocation(text)).not.toThrow('hush'),
  );
});
