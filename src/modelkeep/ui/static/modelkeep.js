// What every page has: keys, copying, the colours. Without it all pages work; with it they are quicker to use.
import { wireCopying } from "./copying.js";
import { wireKeys } from "./keys.js";
import { wireTables } from "./tables.js";

wireKeys();
wireTables();
wireCopying();
