// Writes, pings and asks for health with the npm packages of InfluxDB 2, which 1.8 serves too.
// Arguments: the server's port. Prints one JSON line a call.
import { createRequire } from "module";

const load = createRequire(process.cwd() + "/");
const { InfluxDB, Point } = load("@influxdata/influxdb-client");
const { HealthAPI, PingAPI } = load("@influxdata/influxdb-client-apis");
const client = new InfluxDB({ url: `http://127.0.0.1:${process.argv[2]}`, token: "bob:secret" });

async function call(name, run) {
  try {
    const value = await run();
    console.log(JSON.stringify([name, "ok", value === undefined ? null : value]));
  } catch (error) {
    console.log(JSON.stringify([name, error.statusCode ?? error.constructor.name, error.body]));
  }
}

async function write(bucket, precision, points, options = {}) {
  const api = client.getWriteApi("", bucket, precision, { maxRetries: 0, ...options });
  api.useDefaultTags({ from: "node" });
  api.writePoints(points);
  await api.close();
}

const point = (value, time) =>
  new Point("v2").tag("host", "a b").floatField("f", value).intField("i", 7)
    .uintField("u", 8).booleanField("b", true).stringField("s", 'te"xt').timestamp(time);

await call("ping", async () => { await new PingAPI(client).getPing(); });
await call("health", () => new HealthAPI(client).getHealth());
await call("nanoseconds", () => write("db", "ns", [point(1.5, "1600000000000000001")]));
await call("default policy", () => write("db/autogen", "s", [point(2.5, 1600000001)]));
await call("compressed", () =>
  write("db/", "ms", Array.from({ length: 500 }, (_, i) => point(i, 1600000002000 + i)),
    { gzipThreshold: 10, batchSize: 200 }));
await call("no database", () => write("nope/autogen", "us", [point(1, 1600000000000000)]));
await call("no policy", () => write("db/nope", "us", [point(1, 1600000000000000)]));
await call("conflict", () =>
  write("db", "s", [new Point("v2").stringField("f", "text").timestamp(1600000000)]));
