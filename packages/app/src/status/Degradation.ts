/** What still works while a component is down, and what does not: one line for each family of components, in words for whoever is on call. */

export interface Degradation {
  readonly works: string
  readonly lost: string
}

type Row = readonly [names: RegExp, works: string, lost: string]

const everything = "everything else"

/** The first one whose names fit. */
const rows: ReadonlyArray<Row> = [
  [
    /^hot-path$/,
    "connections, the journal, the log and deliveries",
    "no price is judged and no level changes until its thread is back, at the levels of the log"
  ],
  [/^signals$/, "prices are judged and kept", "level changes and requests for books wait, in order"],
  [/^level-recorder$/, "levels are decided and shown", "level changes wait to be written, so that nobody is alerted of them yet"],
  [/^consumer:/, "facts are written", "what follows from them waits; for `alerts`: no new alert is decided"],
  [/^alerts$/, everything, "alerts of coins that nobody watches are not looked for"],
  [/^notifier$/, "alerts are decided, and those that are due at once are told", "groups that wait for their time are not told"],
  [/^dispatcher$/, "notifications are written and kept", "deliveries begin later"],
  [/^(receiver|deliver):/, "the other receivers are told", "this receiver is told later, in order; nothing is lost for two days"],
  [/^database$/, "prices are judged and levels shown", "nothing is written: level changes, alerts and deliveries wait"],
  [
    /^(rules|rule-signals|engine-signals)$/,
    "levels and their alerts",
    "rules of your own are not evaluated: nothing of theirs fires or ends"
  ],
  [/^templates$/, everything, "notifications have the built-in words"],
  [/^insurance/, everything, "minutes of a cover that are not written are gaps, which never count"],
  [/^oracle:/, "the other feeds", "this feed is judged by its last answer, which grows old"],
  [/^retention:disk$/, "prices, levels and alerts", "the journal is not written while the disk is nearly full"],
  [/^retention/, everything, "old data is not removed"],
  [/^journal$/, everything, "frames are not recorded: what comes now cannot be replayed"],
  [/^checkpoint/, everything, "what the detectors learn now is lost with the next restart"],
  [/^frames$/, "prices are judged, late", "no book is called good by frames that waited too long"],
  [/^prices$/, "the coins that are not named", "the coins that are named are `stale`: their levels are not decided"],
  [/^venues$/, "chains, and the venues that are connected", "pairs of the venues that are not connected have no new prices"],
  [/^(chain|rpc):/, "venues and the other chains", "pools, oracles and supplies of this chain have no new readings"],
  [/^(news|fetch):/, "prices, levels and alerts", "this feed's news is not read"],
  [/^(connect|rest|connections):|#\d+$/, "the other venues and connections", "the pairs of this connection have no new prices or books"],
  [/^(resyncs?|book-requests|hot-path-restarts)$/, "prices from other sources", "books that were lost are not built anew"],
  [/^clock$/, "coins whose venues talk", "a coin that nobody speaks of does not become `stale`"],
  [/^(discovery|listings)$/, "pairs that are known", "pairs that come or go are not noticed"],
  [/^(prediction|onnx|model-)/, "levels, which the detectors decide", "probabilities are missing, or of a model that is not replaced"],
  [/^(worker-pool|drift)/, "prices, levels and alerts", "long calculations wait"],
  [/^(metrics|health-monitor|main-thread|heartbeat)$/, "the market's path and alerts", "what is shown of the engine itself may be old"],
  [/^(configuration)/, everything, "changes of the configuration are not taken up"],
  [/^refusals$/, everything, "frames that cannot be used are counted, and not logged"]
]

/** Of a component that no line is about, nothing is promised. */
export const degradationOf = (component: string): Degradation => {
  const row = rows.find(([names]) => names.test(component))
  return row === undefined ? { works: "", lost: "" } : { works: row[1], lost: row[2] }
}
