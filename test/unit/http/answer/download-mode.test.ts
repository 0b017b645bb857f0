import { describe, expect, test } from 'vitest';
import { type DownloadMode, downloadMode } from '../../../../services/http/answer/download-mode.ts';
import type { RegistrySettings } from '../../../../services/registry/context.ts';
import { defaultSettings } from '../../../../services/runtime/compose.ts';

function decide(
  headers: Record<string, string> = {},
  settings: Partial<RegistrySettings> = {},
  file: { size?: number; length?: number; query?: string } = {},
): DownloadMode {
  const { size = 1e6, length, query = '' } = file;
  const all = {
    ...defaultSettings,
    url: '',
    allowedDownloadModes: ['proxy', 'direct'] as const,
    proxyBelow: 1_000,
    ...settings,
  };
  return downloadMode(all, {
    request: new Request(`http://registry.test/file${query}`, { headers }),
    size,
    part: length === undefined ? undefined : { start: 0, end: length - 1 },
  });
}

describe('a download', () => {
  test('is a link unless something speaks against it', () => {
    expect(decide()).toBe('direct');
    expect(decide({ authorization: 'Bearer x', 'user-agent': 'curl/8.5.0' })).toBe('direct');
    expect(decide({ 'if-none-match': '"other"' })).toBe('direct');
  });

  test('goes through the registry when the operator wants that, or when it is small', () => {
    expect(decide({}, { proxyDownload: true })).toBe('proxy');
    expect(decide({}, {}, { size: 1_000 })).toBe('proxy');
    expect(decide({}, {}, { size: 1_001, length: 10 })).toBe('direct');
  });

  test.each([
    'Wget/1.21.3',
    'Python-urllib/3.11',
    'HTTP-Tiny/0.080',
    'Java-http-client/17.0.15',
    'Bun/1.3.14',
    'Bun/0.8.1',
  ])('of %s, which would take its credentials to the store, goes through the registry', (agent) => {
    expect(decide({ 'user-agent': agent, authorization: 'Bearer x' })).toBe('proxy');
    expect(decide({ 'user-agent': agent })).toBe('direct');
  });

  test.each(['Bun/1.4.5', 'Wget2/2.1', 'npm/11.0.0 node/v24', 'python-requests/2.32', 'Java/17.0.15'])(
    'of %s, which keeps its credentials, is a link',
    (agent) => expect(decide({ 'user-agent': agent, authorization: 'Bearer x' })).toBe('direct'),
  );

  test.each([
    ['if-match', '"x"'],
    ['if-range', '"x"'],
    ['if-modified-since', 'Sat, 21 Nov 2026 10:00:00 GMT'],
    ['if-unmodified-since', 'Sat, 21 Nov 2026 10:00:00 GMT'],
    ['range', 'bytes=0-1,4-5'],
  ])('with %s: %s, which the store may take for something else, goes through the registry', (name, value) => {
    expect(decide({ [name]: value })).toBe('proxy');
  });

  test('takes the way the client asks for', () => {
    expect(decide({}, {}, { query: '?download_mode=proxy' })).toBe('proxy');
    expect(decide({}, {}, { size: 1, query: '?a=b&download_mode=direct' })).toBe('direct');
    expect(decide({}, {}, { query: '?download_mode=teleport' })).toBe('direct');
  });

  test('takes it only where the operator allows it', () => {
    const settings = { proxyDownload: true, allowedDownloadModes: ['proxy'] as const };
    expect(decide({}, settings, { query: '?download_mode=direct' })).toBe('proxy');
  });

  test('is a link when the host can not send so much at once', () => {
    const settings = { proxyDownload: true, proxyLimit: 1e6 };
    expect(decide({}, settings, { size: 1e6 + 1 })).toBe('direct');
    expect(decide({}, settings, { size: 1e6 + 1, length: 1e6 })).toBe('proxy');
    expect(decide({}, settings, { size: 2e6, query: '?download_mode=proxy' })).toBe('direct');
  });
});
