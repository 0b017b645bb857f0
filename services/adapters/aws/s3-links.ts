import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LinkOptions } from '../../ports/blob-store.ts';

/** Makes a signed URL for the object under a key. */
export type Links = (key: string, options: LinkOptions) => Promise<string>;

/** Links signed with the credentials of the client, to the address it knows the bucket by. */
export function presignedLinks(client: S3Client, Bucket: string): Links {
  return (Key, { method, lifetime, contentType, contentDisposition, cacheControl }) => {
    const Command = method === 'HEAD' ? HeadObjectCommand : GetObjectCommand;
    const command = new Command({
      Bucket,
      Key,
      ResponseContentType: contentType,
      ResponseContentDisposition: contentDisposition,
      ResponseCacheControl: cacheControl,
    });
    return getSignedUrl(client, command, { expiresIn: lifetime });
  };
}
