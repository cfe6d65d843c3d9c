/** Every built-in venue passes the conformance suite. */
import { coinbaseExchange } from "@evenkeel/connectors/exchange/Exchanges"
import { venueIds } from "@evenkeel/domain/market/Venue"
import { conformance } from "./support/Conformance.ts"
import { builtIn } from "./support/ConnectedVenue.ts"

for (const id of venueIds) conformance(id, builtIn(id))
conformance("Coinbase Exchange", builtIn("coinbase", coinbaseExchange))
