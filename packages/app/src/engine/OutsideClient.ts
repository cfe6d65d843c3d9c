/**
 * The HTTP client of news feeds, and of receivers. Its sockets connect to public addresses alone, whatever a name resolves to and wherever a feed leads on,
 * unless they may stand in private networks.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { publicLookup } from "@evenkeel/runtime/net/PrivateAddress"
import { Layer } from "effect"

export const layerOutsideClient = ({ allowPrivate }: { readonly allowPrivate: boolean }) =>
  // Layers are built once: without `fresh` it would be the engine's own client, which connects to anybody.
  allowPrivate ? NodeHttpClient.layerUndici : Layer.fresh(NodeHttpClient.layerUndiciOptions({ connect: { lookup: publicLookup } }))
