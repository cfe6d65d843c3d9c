/**
 * The HTTP client of news feeds. Its sockets connect to public addresses alone, whatever a feed's name resolves to and wherever it leads on, unless
 * feeds may stand in private networks.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { publicLookup } from "@evenkeel/runtime/net/PrivateAddress"
import { Layer } from "effect"

export const layerNewsClient = ({ allowPrivate }: { readonly allowPrivate: boolean }) =>
  // Layers are built once: without `fresh` it would be the engine's own client, which connects to anybody.
  allowPrivate ? NodeHttpClient.layerUndici : Layer.fresh(NodeHttpClient.layerUndiciOptions({ connect: { lookup: publicLookup } }))
