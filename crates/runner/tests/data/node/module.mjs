// A handler that is an ES module.
import { basename } from "node:path";
import { inLayer } from "layered";
export const handler = async () => [basename(import.meta.url), inLayer];
