import cf from 'cloudfront';

// A CloudFront Function (runtime 2.0, whose first line must be that import). Cache behaviours choose an origin by path;
// only code can choose by method. It runs before anything is forwarded, sees no body, and leaves the request as it is.

/** Methods that may carry a body of any size. */
const uploads = ['POST', 'PUT', 'PATCH'];

// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it by its name
function handler(event) {
  if (uploads.includes(event.request.method)) cf.selectRequestOriginById('ingest');
  return event.request;
}
