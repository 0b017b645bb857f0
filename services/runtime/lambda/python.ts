import { formats } from '../families/python.ts';
import { familyHandler } from './family-handler.ts';

/** Answers requests for the formats of the family `python`. */
export const handler = familyHandler(formats);
