import { formats } from '../families/jvm.ts';
import { familyHandler } from './family-handler.ts';

/** Answers requests for the formats of the family `jvm`. */
export const handler = familyHandler(formats);
