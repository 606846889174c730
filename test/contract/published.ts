// oxlint-disable-next-line typescript/triple-slash-reference -- a wildcard module cannot be declared in a file that is one itself
/// <reference path="../support/raw.d.ts" />
import { parse } from "yaml";
import text from "./stored-action-run.openapi.yaml?raw";

/** The published contract of the main operation, word for word. Only Vite can load it, for workerd and for Node alike. */
export const PUBLISHED_TEXT: string = text;
export const PUBLISHED: unknown = parse(text);
