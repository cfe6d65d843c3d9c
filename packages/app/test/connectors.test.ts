/** Every built-in venue passes the conformance suite. */
import { decoders } from "@evenkeel/connectors/exchange/Decoders"
import { coinbaseExchange, exchanges } from "@evenkeel/connectors/exchange/Exchanges"
import { dialects } from "@evenkeel/connectors/simulated/dialect/Dialects"
import { symbolOf } from "@evenkeel/connectors/simulated/Symbols"
import { type VenueId, venueIds } from "@evenkeel/domain/market/Venue"
import { conformance } from "./support/Conformance.ts"

const builtIn = (id: VenueId, exchange = exchanges[id]) => ({
  venue: { exchange, decoder: decoders[id] },
  dialect: dialects[id],
  symbolOf: symbolOf[id]
})

for (const id of venueIds) conformance(id, builtIn(id))
conformance("Coinbase Exchange", builtIn("coinbase", coinbaseExchange))
