/**
 * The files in `otel/` as far as they can be judged without a container: keys that the documentation of the pinned versions has, names and ports
 * that fit each other, nothing that can be reached from beyond this machine, and dashboards that ask for metrics that exist.
 *
 * Keys: the README files of the receivers, processors and exporters in opentelemetry-collector(-contrib) 0.140.0, and the references of Compose, Prometheus and
 * Grafana's provisioning.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Yaml } from "effect/encoding"
import { existsSync, readFileSync } from "node:fs"
import { configDefaults } from "../packages/app/src/config/EngineConfig.ts"

const read = <S extends Schema.Codec<unknown, unknown>>(file: string, schema: S): S["Type"] =>
  Schema.decodeUnknownSync(schema, { onExcessProperty: "error" })(Yaml.parse(readFileSync(`otel/${file}`, "utf8")))

const Endpoint = Schema.String.check(Schema.isPattern(/^(https?:\/\/)?[a-z0-9.]+:\d+$/))
const names = Schema.Array(Schema.String)
const Pipeline = Schema.Struct({ receivers: names, processors: names, exporters: names })

const Collector = Schema.Struct({
  receivers: Schema.Struct({ otlp: Schema.Struct({ protocols: Schema.Struct({ http: Schema.Struct({ endpoint: Endpoint }) }) }) }),
  processors: Schema.Struct({
    memory_limiter: Schema.Struct({ check_interval: Schema.String, limit_mib: Schema.Int }),
    batch: Schema.Struct({})
  }),
  exporters: Schema.Struct({
    "otlp/jaeger": Schema.Struct({ endpoint: Endpoint, tls: Schema.Struct({ insecure: Schema.Boolean }) }),
    prometheus: Schema.Struct({ endpoint: Endpoint }),
    elasticsearch: Schema.Struct({
      endpoint: Endpoint,
      mapping: Schema.Struct({ mode: Schema.Literals(["none", "ecs", "otel", "raw", "bodymap"]) }),
      retry: Schema.Struct({ enabled: Schema.Boolean })
    })
  }),
  service: Schema.Struct({ pipelines: Schema.Struct({ traces: Pipeline, metrics: Pipeline, logs: Pipeline }) })
})

const Compose = Schema.Struct({
  services: Schema.Record(
    Schema.String,
    Schema.Struct({
      image: Schema.String,
      command: Schema.optional(names),
      environment: Schema.optional(Schema.Record(Schema.String, Schema.String)),
      volumes: Schema.optional(names),
      ports: names,
      depends_on: Schema.optional(names),
      extra_hosts: Schema.optional(names)
    })
  )
})

const Prometheus = Schema.Struct({
  global: Schema.Struct({ scrape_interval: Schema.String, evaluation_interval: Schema.String }),
  rule_files: Schema.Array(Schema.String),
  scrape_configs: Schema.Array(
    Schema.Struct({ job_name: Schema.String, static_configs: Schema.Array(Schema.Struct({ targets: Schema.Array(Endpoint) })) })
  )
})

const Sources = Schema.Struct({
  apiVersion: Schema.Literal(1),
  datasources: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      uid: Schema.String,
      type: Schema.Literals(["prometheus", "jaeger", "elasticsearch"]),
      access: Schema.Literal("proxy"),
      url: Endpoint,
      isDefault: Schema.optional(Schema.Boolean),
      jsonData: Schema.optional(
        Schema.Struct({
          exemplarTraceIdDestinations: Schema.optional(Schema.Array(Schema.Struct({ name: Schema.String, datasourceUid: Schema.String }))),
          index: Schema.optional(Schema.String),
          timeField: Schema.optional(Schema.String),
          logMessageField: Schema.optional(Schema.String),
          logLevelField: Schema.optional(Schema.String)
        })
      )
    })
  )
})

/** What the images listen on, beside what the collector is told to. */
const listened: Readonly<Record<string, ReadonlyArray<number>>> = {
  jaeger: [16_686, 4317, 4318],
  elasticsearch: [9200],
  prometheus: [9090],
  grafana: [3000]
}

const portOf = (endpoint: string) => Number(endpoint.split(":").at(-1))
const hostOf = (endpoint: string) => endpoint.replace(/^https?:\/\//, "").split(":")[0]!

const collector = read("collector.yaml", Collector)
const { services } = read("compose.yaml", Compose)
const prometheus = read("prometheus.yaml", Prometheus)
const { datasources } = read("grafana/provisioning/datasources/sources.yaml", Sources)

const ports: Readonly<Record<string, ReadonlyArray<number>>> = {
  ...listened,
  collector: [collector.receivers.otlp.protocols.http.endpoint, collector.exporters.prometheus.endpoint].map(portOf)
}
/** A place that a container is sent to. */
const isThere = (endpoint: string) => {
  const host = hostOf(endpoint)
  assert.property(services, host, endpoint)
  assert.include(ports[host] ?? [], portOf(endpoint), endpoint)
}

describe("otel/", () => {
  it("has a collector whose pipelines use what is defined, and all of it", () => {
    const pipelines = Object.values(collector.service.pipelines)
    for (const part of ["receivers", "processors", "exporters"] as const)
      assert.sameMembers([...new Set(pipelines.flatMap((pipeline) => pipeline[part]))], Object.keys(collector[part]))
    // It protects nothing behind what has taken memory already.
    for (const { processors } of pipelines) assert.strictEqual(processors[0], "memory_limiter")
  })

  it("leads everything to where something listens", () => {
    isThere(collector.exporters["otlp/jaeger"].endpoint)
    isThere(collector.exporters.elasticsearch.endpoint)
    for (const { url } of datasources) isThere(url)
    for (const target of prometheus.scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets)))
      if (hostOf(target) === "host.docker.internal") assert.strictEqual(portOf(target), configDefaults.http.port)
      else isThere(target)
    const uids = datasources.map(({ uid }) => uid)
    for (const { jsonData } of datasources)
      for (const { datasourceUid } of jsonData?.exemplarTraceIdDestinations ?? []) assert.include(uids, datasourceUid)
  })

  it.each(Object.entries(services))("starts %s from a pinned image, and lets nobody but this machine in", (name, service) => {
    assert.match(service.image, /^[a-z0-9./-]+:v?\d+\.\d+\.\d+$/)
    assert.isNotEmpty(service.ports)
    for (const port of service.ports) {
      const [address, published, inside] = port.split(":")
      assert.deepStrictEqual([address, published], ["127.0.0.1", inside])
      assert.include(ports[name] ?? [], Number(inside))
    }
    for (const other of service.depends_on ?? []) assert.property(services, other)
    for (const volume of service.volumes ?? []) assert.isTrue(existsSync(`otel/${volume.split(":")[0]}`), volume)
  })
})
