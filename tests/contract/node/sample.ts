// A frontend's first steps against the live services, typed by the documents: who am I, a list,
// its pages, a change, a report that is waited for and fetched. Money stays text throughout.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths as Allocation } from "./clients/typescript/allocation.js";
import type { paths as Valuation } from "./clients/typescript/valuation.js";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const withKey: Middleware = {
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${env("BTIM_KEY")}`);
    return request;
  },
};
const allocation = createClient<Allocation>({ baseUrl: env("BTIM_ALLOCATION_URL") });
const valuation = createClient<Valuation>({ baseUrl: env("BTIM_VALUATION_URL") });
allocation.use(withKey);
valuation.use(withKey);

function sure<T>(answer: { data?: T; error?: { code: string; detail: string } }): T {
  if (answer.error) throw new Error(`${answer.error.code}: ${answer.error.detail}`);
  return answer.data as T;
}

async function allConsumers(): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? { limit: 2 } : { limit: 2, cursor };
    const page = sure(await allocation.GET("/v1/consumers", { params: { query } }));
    if (typeof page === "string") throw new Error("asked for JSON, got a file");
    names.push(...page.items.map((consumer) => consumer.name));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return names;
}

async function finished(id: string): Promise<string> {
  for (;;) {
    const params = { path: { job_id: id }, query: { wait: 10 } };
    const job = sure(await valuation.GET("/v1/jobs/{job_id}", { params }));
    if (job.status === "succeeded" && job.result) return job.result.id;
    if (job.status === "failed") throw new Error(job.problem?.detail ?? "failed");
  }
}

const me = sure(await allocation.GET("/v1/me"));
const code = `SHOP-${process.pid}`;
const made = await allocation.POST("/v1/consumers", { body: { code, names: { en: "Shop" } } });
sure(made);
const names = await allConsumers();
const body = { type: "it-spend-overview", period: env("BTIM_PERIOD"), format: "xlsx", language: "en" } as const;
const ordered = sure(await valuation.POST("/v1/reports", { body }));
if (!("job" in ordered)) throw new Error("a report takes a job");
const report = await finished(ordered.job.id);
const file = await fetch(`${env("BTIM_VALUATION_URL")}/v1/reports/${report}/content`, {
  headers: { Authorization: `Bearer ${env("BTIM_KEY")}` },
});
const size = (await file.arrayBuffer()).byteLength;
console.log(JSON.stringify({ subject: me.subject, consumers: names.length, report, size }));
