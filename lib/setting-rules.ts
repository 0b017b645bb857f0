import type { StageSettings } from './settings.ts';

/** A constraint across settings. The message is reported for the setting `path`. */
interface Rule {
  readonly path: keyof StageSettings;
  readonly message: string;
  broken(all: StageSettings): boolean;
}

const isHttps = (url: string | undefined) => url?.startsWith('https:') === true;

/** The region in the ARN of a certificate. */
const regionOf = (certificate: string) => certificate.split(':')[3];

/** The constraints across settings. */
export const settingRules: readonly Rule[] = [
  {
    path: 'url',
    message:
      'leads nowhere without certificate or hostedZoneId; set urlServedElsewhere if a proxy of your own serves it',
    broken: ({ ingest, url, certificate, hostedZoneId, urlServedElsewhere }) =>
      !ingest && isHttps(url) && !certificate && !hostedZoneId && !urlServedElsewhere,
  },
  {
    path: 'certificate',
    message: 'is required: with ingest, CloudFront serves the url and needs its certificate',
    broken: ({ ingest, url, certificate }) => ingest && isHttps(url) && !certificate,
  },
  {
    path: 'certificate',
    message: 'requires a url with https',
    broken: ({ url, certificate }) => !!certificate && !isHttps(url),
  },
  {
    path: 'certificate',
    message: 'must be in us-east-1, as CloudFront requires',
    broken: ({ ingest, certificate }) => ingest && !!certificate && regionOf(certificate) !== 'us-east-1',
  },
  {
    path: 'certificate',
    message: 'must be in the region of the stage, as the API requires',
    broken: ({ ingest, certificate, region }) =>
      !ingest && !!certificate && !!region && regionOf(certificate) !== region,
  },
  {
    path: 'hostedZoneId',
    message: 'requires a url with https',
    broken: ({ url, hostedZoneId }) => !!hostedZoneId && !isHttps(url),
  },
  {
    path: 'hostedZoneName',
    message: 'must be set together with hostedZoneId',
    broken: ({ hostedZoneId, hostedZoneName }) => !hostedZoneId !== !hostedZoneName,
  },
  {
    path: 'hostedZoneName',
    message: 'does not contain the host of url',
    broken: ({ url, hostedZoneName }) =>
      !!url && !!hostedZoneName && !`.${new URL(url).hostname}`.endsWith(`.${hostedZoneName}`),
  },
  {
    path: 'urlServedElsewhere',
    message: 'excludes certificate and hostedZoneId, which serve the url here',
    broken: ({ urlServedElsewhere, certificate, hostedZoneId }) =>
      urlServedElsewhere && (!!certificate || !!hostedZoneId),
  },
  {
    path: 'ingestMemory',
    message: 'must be 2 to 8 times ingestCpu: Fargate offers no other sizes',
    broken: ({ ingestMemory, ingestCpu }) => ingestMemory < 2 * ingestCpu || ingestMemory > 8 * ingestCpu,
  },
  {
    path: 'ingestMaxTasks',
    message: 'must be at least ingestTasks',
    broken: ({ ingestTasks, ingestMaxTasks }) => ingestMaxTasks < ingestTasks,
  },
  {
    path: 'auditTable',
    message: 'must be another table than registryTable',
    broken: ({ registryTable, auditTable }) => !!registryTable && registryTable === auditTable,
  },
  {
    path: 'cloudfrontKeySecret',
    message: 'cloudfrontPublicKey and cloudfrontKeySecret must be set together',
    broken: ({ cloudfrontPublicKey, cloudfrontKeySecret }) => !cloudfrontPublicKey !== !cloudfrontKeySecret,
  },
];
