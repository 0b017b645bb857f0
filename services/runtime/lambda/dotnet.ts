import { formats } from '../families/dotnet.ts';
import { familyHandler } from './family-handler.ts';

/** Answers requests for the formats of the family `dotnet`. */
export const handler = familyHandler(formats);
