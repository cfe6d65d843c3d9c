/** Where the page's files lie, for the server that shows them. They are beside `src`, and so beside the compiled modules too. */
import { fileURLToPath } from "node:url"

/** The folder. */
export const page = fileURLToPath(new URL("../page", import.meta.url))
