import { formats } from '../families/files.ts';
import { familyHandler } from './family-handler.ts';

/** Answers requests for the formats of the family `files`. */
export const handler = familyHandler(formats);
