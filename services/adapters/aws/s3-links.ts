import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { LinkOptions } from '../../ports/blob-store.ts';

/** Creates a signed URL for an object by its key. */
export type Links = (key: string, options: LinkOptions) => Promise<string>;

/** Creates links signed with the client's credentials, at its endpoint. */
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
