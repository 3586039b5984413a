// The usual calls of the npm package `influx`. Arguments: the server's port. Prints one JSON line a
// call: its name, and what it gave or how it failed.
import { createRequire } from "module";

const Influx = createRequire(process.cwd() + "/")("influx");
const client = new Influx.InfluxDB({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  database: "db",
  schema: [
    {
      measurement: "typed",
      fields: { path: Influx.FieldType.STRING, took: Influx.FieldType.INTEGER,
        load: Influx.FieldType.FLOAT, on: Influx.FieldType.BOOLEAN },
      tags: ["host"],
    },
  ],
});

async function call(name, run) {
  try {
    const value = await run();
    console.log(JSON.stringify([name, "ok", value === undefined ? null : value]));
  } catch (error) {
    console.log(JSON.stringify([name, error.constructor.name, error.message]));
  }
}

const at = (ms) => new Date(1600000000000 + ms);

async function databases() {
  await call("create", () => client.createDatabase("db"));
  await call("create again", () => client.createDatabase("db"));
  await call("names", () => client.getDatabaseNames());
  await call("drop missing", () => client.dropDatabase("nope"));
  await call("policy", () => client.createRetentionPolicy("7d", { duration: "7d", replication: 1 }));
  await call("short policy", () =>
    client.createRetentionPolicy("bad", { duration: "1m", replication: 1 }));
  await call("alter", () =>
    client.alterRetentionPolicy("7d", { duration: "8d", replication: 1, isDefault: true }));
  await call("policies", () => client.showRetentionPolicies());
  await call("drop policy", () => client.dropRetentionPolicy("7d"));
  await call("default again", () =>
    client.alterRetentionPolicy("autogen", { duration: "0s", replication: 1, isDefault: true }));
}

async function writes() {
  await call("points", () =>
    client.writePoints([
      { measurement: "typed", tags: { host: "a b" },
        fields: { path: 'x "y" \\z', took: 3, load: 1.5, on: true }, timestamp: at(0) },
      { measurement: "typed", tags: { host: "c,d=e" },
        fields: { path: "", took: 4, load: 2, on: false }, timestamp: at(1) },
    ], { precision: "ms" }));
  await call("measurement", () =>
    client.writeMeasurement("free", [{ fields: { v: 1 }, timestamp: at(5000) },
      { tags: { t: "ü" }, fields: { v: 2, s: "text" }, timestamp: at(6000) }], { precision: "s" }));
  await call("conflict", () =>
    client.writePoints([{ measurement: "free", fields: { v: "text" }, timestamp: at(0) }]));
  await call("no database", () =>
    client.writePoints([{ measurement: "m", fields: { v: 1 } }], { database: "nope" }));
}

async function queries() {
  const texts = ["select * from typed", "select * from free group by t",
    "select mean(took) from typed where time >= 1600000000s and time < 1600000300s group by time(1m) limit 2",
    "select * from typed; select * from free", "select nope from typed", "select", "drop it",
    `select * from typed where host = ${Influx.escape.stringLit("a b")}`];
  for (const text of texts) {
    await call(text, () => client.query(text));
    await call("raw " + text, () => client.queryRaw(text));
    await call("ns " + text, () => client.queryRaw(text, { precision: "ns" }));
  }
  await call("placeholders", () =>
    client.query("select * from typed where host = $host and took > $took",
      { placeholders: { host: "a b", took: 1 } }));
  await call("elsewhere", () => client.query("select * from m", { database: "nope" }));
  await call("measurements", () => client.getMeasurements());
  await call("series", () => client.getSeries());
  await call("series of one", () => client.getSeries({ measurement: "free" }));
  await call("drop series", () =>
    client.dropSeries({ measurement: (m) => m.name("free"), where: (e) => e.tag("t").equals.value("ü") }));
  await call("drop measurement", () => client.dropMeasurement("typed"));
  await call("measurements", () => client.getMeasurements());
}

async function users() {
  await call("user", () => client.createUser("bob", "it's", false));
  await call("admin", () => client.createUser("root", "x", true));
  await call("user again", () => client.createUser("bob", "other"));
  await call("users", () => client.getUsers());
  await call("password", () => client.setPassword("bob", "new"));
  await call("grant", () => client.grantPrivilege("bob", "READ"));
  await call("grant elsewhere", () => client.grantPrivilege("bob", "WRITE", "nope"));
  await call("grants", () => client.queryRaw("show grants for bob"));
  await call("revoke", () => client.revokePrivilege("bob", "READ"));
  await call("make admin", () => client.grantAdminPrivilege("bob"));
  await call("make no admin", () => client.revokeAdminPrivilege("bob"));
  await call("drop user", () => client.dropUser("bob"));
  await call("drop user again", () => client.dropUser("bob"));
  await call("users", () => client.getUsers());
}

async function continuous() {
  const text = "select mean(v) into means from free group by time(1h)";
  await call("cq", () => client.createContinuousQuery("hourly", text));
  await call("cq with resample", () =>
    client.createContinuousQuery("often", text, "db", "RESAMPLE EVERY 30m"));
  await call("cqs", () => client.getContinuousQueries());
  await call("drop cq", () => client.dropContinuousQuery("hourly"));
  await call("cqs", () => client.getContinuousQueries());
}

await call("ping", async () =>
  (await client.ping(5000)).map((host) => [host.online, host.res.statusCode ?? 0]));
await databases();
await writes();
await queries();
await users();
await continuous();
await call("drop", () => client.dropDatabase("db"));
await call("create", () => client.createDatabase("db"));
// Last: behind an answer of 500 this client leaves the host alone for a while.
await call("no policy", () =>
  client.writePoints([{ measurement: "m", fields: { v: 1 } }], { retentionPolicy: "nope" }));
