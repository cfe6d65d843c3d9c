/** The answer where the database gives none. */
import { StoreUnavailable } from "../contract/Common.ts"

/** Whatever the database answers instead. */
export const unavailable = (error: { readonly message: string }) => new StoreUnavailable({ problem: error.message })
