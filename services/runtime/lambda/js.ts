import { formats } from '../families/js.ts';
import { familyHandler } from './family-handler.ts';

/** Answers requests for the formats of the family `js`. */
export const handler = familyHandler(formats);
