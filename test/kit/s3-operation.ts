/** The name of a request in S3's API (path style: the bucket is the first segment of the path). */
export function s3Operation(method: string, path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://s3');
  const hasKey = /^\/[^/]+\/./.test(pathname);
  const isOfUpload = searchParams.has('uploadId');
  switch (method) {
    case 'PUT':
      return isOfUpload ? 'UploadPart' : 'PutObject';
    case 'POST':
      if (searchParams.has('uploads')) return 'CreateMultipartUpload';
      return isOfUpload ? 'CompleteMultipartUpload' : 'DeleteObjects';
    case 'DELETE':
      return isOfUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'HEAD':
      return 'HeadObject';
    default:
      return hasKey ? 'GetObject' : 'ListObjects';
  }
}
