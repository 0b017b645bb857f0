import { describe, expect, it } from 'vitest';
import { parseSettings, readSettings } from '../../lib/settings.ts';

describe('stage settings', () => {
  it('need nothing', () => {
    expect(readSettings(() => undefined)).toMatchObject({ stage: 'main', retainData: true, ingest: false });
  });

  it('can be changed for one run, as text', () => {
    const context: Record<string, string> = {
      linkLifetime: '300',
      retainData: 'false',
      url: 'https://x.example/',
    };
    expect(readSettings((name) => context[name])).toMatchObject({
      linkLifetime: 300,
      retainData: false,
      url: 'https://x.example',
    });
  });

  it('name a stage that is there', () => {
    expect(() => readSettings((name) => (name === 'stage' ? 'prdo' : undefined))).toThrow(
      /no stage "prdo".*main/,
    );
  });

  it.each([
    ['ingest', { ingest: true }, /ingest service is not part of this version/],
    ['a URL with a path', { url: 'https://x.example/packages' }, /must have no path/],
    ['a stage that can not be part of a name', { stage: 'Prod!' }, /a letter first/],
    ['a retention that CloudWatch does not know', { logRetentionDays: 8 }, /must be one of 1, 3, 5/],
    ['what is no setting', { retain: true }, /Unrecognized key: "retain"/],
  ])('refuse %s', (_, settings, message) => {
    expect(() => parseSettings({ stage: 'main', ...settings })).toThrow(message);
  });
});
