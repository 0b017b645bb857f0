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
  test('is redirected to a link by default', () => {
    expect(decide()).toBe('direct');
    expect(decide({ authorization: 'Bearer x', 'user-agent': 'curl/8.5.0' })).toBe('direct');
    expect(decide({ 'if-none-match': '"other"' })).toBe('direct');
  });

  test('goes through the registry if the settings say so, or if the file is small', () => {
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
  ])('goes through the registry for %s, which would send its credentials to the store', (agent) => {
    expect(decide({ 'user-agent': agent, authorization: 'Bearer x' })).toBe('proxy');
    expect(decide({ 'user-agent': agent })).toBe('direct');
  });

  test.each(['Bun/1.4.5', 'Wget2/2.1', 'npm/11.0.0 node/v24', 'python-requests/2.32', 'Java/17.0.15'])(
    'is redirected for %s, which does not send its credentials to the store',
    (agent) => expect(decide({ 'user-agent': agent, authorization: 'Bearer x' })).toBe('direct'),
  );

  test.each([
    ['if-match', '"x"'],
    ['if-range', '"x"'],
    ['if-modified-since', 'Sat, 21 Nov 2026 10:00:00 GMT'],
    ['if-unmodified-since', 'Sat, 21 Nov 2026 10:00:00 GMT'],
    ['range', 'bytes=0-1,4-5'],
  ])('goes through the registry for %s: %s, which the store may interpret differently', (name, value) => {
    expect(decide({ [name]: value })).toBe('proxy');
  });

  test('uses the mode that the client requests', () => {
    expect(decide({}, {}, { query: '?download_mode=proxy' })).toBe('proxy');
    expect(decide({}, {}, { size: 1, query: '?a=b&download_mode=direct' })).toBe('direct');
    expect(decide({}, {}, { query: '?download_mode=teleport' })).toBe('direct');
  });

  test('uses the requested mode only if the settings allow it', () => {
    const settings = { proxyDownload: true, allowedDownloadModes: ['proxy'] as const };
    expect(decide({}, settings, { query: '?download_mode=direct' })).toBe('proxy');
  });

  test('is redirected if the host cannot send a response of its size', () => {
    const settings = { proxyDownload: true, proxyLimit: 1e6 };
    expect(decide({}, settings, { size: 1e6 + 1 })).toBe('direct');
    expect(decide({}, settings, { size: 1e6 + 1, length: 1e6 })).toBe('proxy');
    expect(decide({}, settings, { size: 2e6, query: '?download_mode=proxy' })).toBe('direct');
  });
});
