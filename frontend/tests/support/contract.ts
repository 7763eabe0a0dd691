/** Checks hand-made servers against the OpenAPI document and the schemas of events: a request that the real server would
 * refuse, and a response or an event that it would never send, fail the test. ESLint refuses others (eslint-rules/fakes.js). */
import { readFileSync } from "node:fs";
import { Ajv2020, type AnySchemaObject, type ValidateFunction } from "ajv/dist/2020.js";
import { afterEach } from "vitest";
import { ChatApi } from "@/lib/api/chat-api";
import { HostApi } from "@/lib/api/host-api";
import { Problem } from "@/lib/api/problem";
import type { components } from "@/lib/contract/openapi";
import { ownValue } from "@/lib/own-value";
import type { StreamListener } from "@/lib/stream/room-stream";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: AnySchemaObject;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: AnySchemaObject }>>;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, AnySchemaObject>> };
}

/** What the real ChatApi or HostApi would send. */
interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
}

const BASE = "http://chat.example";
const path = new URL("../../openapi.json", import.meta.url);
const document = withoutUnknownFields(JSON.parse(readFileSync(path, "utf8"))) as OpenApi;

// Ids of fakes are readable, such as `message-7`, so formats are not checked.
const ajv = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: false });
ajv.addSchema({ $id: "openapi", ...document });
const validators = new Map<string, ValidateFunction>();

// The code under test may catch an error of its server, so a violation also fails the test at its end.
let violations: string[] = [];

afterEach(() => {
  const found = violationsSoFar();
  if (found.length > 0) throw new Error(found.join("\n"));
});

/** What was violated in this test so far; forgotten afterwards. */
export function violationsSoFar(): string[] {
  const found = violations;
  violations = [];
  return found;
}

function violated(what: string): Error {
  violations.push(what);
  return new Error(what);
}

/** A type only: it marks what checkedApi returns, for the lint rule. */
declare class Checked {
  private readonly isChecked: true;
}

/** The fake with every call checked. Its methods are named as those of ChatApi and HostApi. */
export function checkedApi<Fake extends object>(fake: Fake): Fake & Checked {
  const checked = new Proxy(fake, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function" || typeof name !== "string") return method;
      return (...args: unknown[]): unknown => {
        const operation = operationOf(requestOf(name, args));
        const answer: unknown = Reflect.apply(method, target, args);
        if (!(answer instanceof Promise)) throw violated(`${name} of a fake must return a promise`);
        return answer.then(
          (value: unknown) => {
            checkResponse(operation, name, args, value);
            return value;
          },
          (refusal: unknown) => {
            if (refusal instanceof Problem) checkProblem(refusal);
            throw refusal;
          },
        );
      };
    },
  });
  return checked as Fake & Checked;
}

/** The listener of a fake stream with every event and frame checked. */
export function checkedListener(listener: StreamListener): StreamListener {
  return {
    opened: (frame) => {
      checkSchema("StreamOpened", frame);
      listener.opened(frame);
    },
    event: (event) => {
      checkSchema("RoomEvent", event);
      listener.event(event);
    },
    gap: (frame) => {
      checkSchema("StreamGap", frame);
      listener.gap(frame);
    },
    skipped: (frame) => {
      checkSchema("StreamSkipped", frame);
      listener.skipped(frame);
    },
    ping: () => {
      listener.ping();
    },
    closed: (...end) => {
      listener.closed(...end);
    },
  };
}

/** The response with that body, which must match the schema. */
export function checkedResponse(name: keyof components["schemas"], body: unknown): Response {
  checkSchema(name, body);
  return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
}

/** Throws unless the value matches the schema of the document. */
export function checkSchema(name: keyof components["schemas"], value: unknown): void {
  check(`#/components/schemas/${name}`, value, name);
}

// Records what is sent: a Request gives its body only later.
let sent: Sent | null = null;

class RecordingRequest extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(input, init);
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    sent = { method: this.method.toLowerCase(), url: new URL(this.url), body };
  }
}

const realApis = withRecordingRequest(() => {
  const api = new ChatApi(() => Promise.resolve(new Response(null, { status: 204 })), BASE);
  return [api, new HostApi(api)];
});

/** openapi-fetch takes the class of its requests when a client is made. */
function withRecordingRequest<T>(make: () => T): T {
  const { Request: own } = globalThis;
  globalThis.Request = RecordingRequest;
  try {
    return make();
  } finally {
    globalThis.Request = own;
  }
}

function requestOf(name: string, args: readonly unknown[]): Sent {
  const realApi = realApis.find((api) => Object.hasOwn(api, name)) ?? {};
  const method: unknown = Reflect.get(realApi, name);
  if (typeof method !== "function") throw violated(`no class of lib/api has a method ${name}`);
  sent = null;
  const answer = Reflect.apply(method, realApi, args) as Promise<unknown>;
  answer.catch(() => undefined); // its response is empty
  const request = sent as Sent | null;
  if (request === null) throw violated(`${name} sent nothing`);
  return request;
}

function operationOf({ method, url, body }: Sent): Operation {
  const what = `${method.toUpperCase()} ${url.pathname}${url.search}`;
  const template = templateOf(url.pathname);
  const operation = ownValue(ownValue(document.paths, template) ?? {}, method);
  if (operation === undefined) throw violated(`the server has no ${what}`);
  const parts = decodeURIComponent(url.pathname).split("/");
  const inPath = Object.fromEntries(
    template.split("/").flatMap((part, at) => (part.startsWith("{") ? [[part.slice(1, -1), parts[at]]] : [])),
  );
  const parameters = operation.parameters ?? [];
  for (const name of url.searchParams.keys())
    if (!parameters.some((each) => each.in === "query" && each.name === name))
      throw violated(`${what}: no parameter is called ${name}`);
  for (const parameter of parameters) {
    if (parameter.in === "header") continue;
    const value =
      parameter.in === "path" ? ownValue(inPath, parameter.name) : url.searchParams.get(parameter.name);
    if (value === null || value === undefined) {
      if (parameter.required) throw violated(`${what}: ${parameter.name} is missing`);
    } else checkInline(parameter.schema, fromText(value, parameter.schema), `${what}: ${parameter.name}`);
  }
  const schema = operation.requestBody?.content["application/json"]?.schema;
  if (schema !== undefined) checkInline(schema, body, `${what}: body`);
  else if (body !== undefined) throw violated(`${what} takes no body`);
  return operation;
}

function templateOf(pathname: string): string {
  const parts = pathname.split("/");
  const matching = Object.keys(document.paths).filter((template) => {
    const wanted = template.split("/");
    return (
      wanted.length === parts.length && wanted.every((part, at) => part.startsWith("{") || part === parts[at])
    );
  });
  const literals = (template: string) => template.split("/").filter((part) => !part.startsWith("{")).length;
  return matching.sort((a, b) => literals(b) - literals(a))[0] ?? "";
}

/** A value of a query string, as the type that its schema names. */
function fromText(text: string, schema: AnySchemaObject): unknown {
  return /"(?:integer|number)"/.test(JSON.stringify(schema)) && text !== "" ? Number(text) : text;
}

function checkResponse(operation: Operation, name: string, args: readonly unknown[], value: unknown): void {
  const schemas = [
    operation.responses["200"] ?? operation.responses["201"],
    operation.responses["202"],
  ].flatMap((response): AnySchemaObject[] => {
    const schema = response?.content?.["application/json"]?.schema;
    return schema === undefined ? [] : [schema];
  });
  const [schema] = schemas;
  if (schema === undefined) {
    if (value !== undefined) throw violated(`${name}: the server sends no body`);
    return;
  }
  // ChatApi.react returns the count alone.
  const body = name === "react" ? { message_id: args[1], kind: args[2], count: value } : value;
  checkInline(schemas.length === 1 ? schema : { anyOf: schemas }, body, `the response of ${name}`);
}

/** The statuses of each code, as the descriptions of the responses list them. */
const statusesOfCodes = new Map<string, Set<number>>();
for (const operations of Object.values(document.paths))
  for (const { responses } of Object.values(operations))
    for (const [status, { description }] of Object.entries(responses))
      for (const [, code] of description.matchAll(/`([a-z_]+)`/g))
        if (code !== undefined && Number(status) >= 400)
          statusesOfCodes.set(code, (statusesOfCodes.get(code) ?? new Set()).add(Number(status)));

function checkProblem(problem: Problem): void {
  if (problem.isUnreachable) return;
  const { code, status } = problem;
  checkInline({ $ref: "openapi#/components/schemas/Problem/properties/code" }, code, "the code of a problem");
  const statuses = statusesOfCodes.get(code);
  if (statuses !== undefined && !statuses.has(status)) throw violated(`${code} is never sent with ${status}`);
}

/** A schema of the document or one that it contains; its references are to the document. */
function checkInline(schema: AnySchemaObject, value: unknown, what: string): void {
  const key = JSON.stringify(schema);
  const validate =
    validators.get(key) ?? ajv.compile(JSON.parse(key.replaceAll('"#/', '"openapi#/')) as AnySchemaObject);
  validators.set(key, validate);
  if (!validate(value))
    throw violated(`${what}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
}

function check(reference: string, value: unknown, what: string): void {
  checkInline({ $ref: reference }, value, what);
}

/** Our servers send no other fields than those of the document, so a fake must not either. */
function withoutUnknownFields(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutUnknownFields);
  if (typeof node !== "object" || node === null) return node;
  const copied: Record<string, unknown> = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, withoutUnknownFields(value)]),
  );
  if (copied["type"] === "object" && "properties" in copied) copied["additionalProperties"] ??= false;
  return copied;
}
