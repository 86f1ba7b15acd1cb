// The sandbox shop over HTTP(S): routes, token, versions, throttling and faults around the GraphQL view of the model.
// Owns sockets and the effect log; decides nothing about stock.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Kind, execute, parse, validate } from 'graphql';
import { anySchema, PINNED_VERSION } from '../schema/vendor_schema.mjs';
import { ShopModel } from './shop_model.mjs';
import { ShopApi, ALL_SCOPES, LIVE_VERSIONS } from './shop_api.mjs';
import { Bucket, queryCost } from './query_cost.mjs';
import { Faults } from './faults.mjs';
import { control } from './control.mjs';

const BODY_MAX_BYTES = 1024 * 1024;
const LOGIN_PAGE = '<!DOCTYPE html><html><head><title>Free WiFi</title></head><body><form action="/login">…</form></body></html>';
const schemas = new Map(); // by version; reading one takes half a second
const documents = new Map(); // by version and text
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// A version the shop no longer serves silently becomes the oldest it does serve.
export function servedVersion(asked) {
    return LIVE_VERSIONS.includes(asked) ? asked : LIVE_VERSIONS[0];
}

export class ShopServer {
    // options: {token, scopes, items, effectLog, cert, key, bucket, clockOffsetMs, now}
    constructor(options = {}) {
        this.token = options.token ?? 'shpat_sandbox';
        this.now = options.now ?? Date.now;
        this.offsetMs = options.clockOffsetMs ?? 0;
        this.clock = () => this.now() + this.offsetMs;
        this.effectLog = options.effectLog ?? null;
        if (this.effectLog)
            fs.writeFileSync(this.effectLog, '');
        this.faults = new Faults();
        this.model = new ShopModel({ clock: this.clock, onEffect: (effect) => this.logEffect(effect) });
        for (const item of options.items ?? [])
            this.model.addItem(item);
        this.api = new ShopApi(this.model, { version: PINNED_VERSION, scopes: options.scopes ?? ALL_SCOPES, faults: this.faults });
        this.bucket = new Bucket(this.clock, options.bucket);
        this.requests = [];
        const handler = (request, response) => this.serve(request, response).catch((error) => this.broken(error, response));
        this.server = options.cert ? https.createServer({ cert: options.cert, key: options.key }, handler) : http.createServer(handler);
        this.scheme = options.cert ? 'https' : 'http';
        this.connections = new Map(); // by peer: what lies under TLS, which alone can be reset
        this.server.on('connection', (connection) => {
            const name = peer(connection);
            this.connections.set(name, connection);
            connection.on('close', () => this.connections.delete(name));
        });
    }

    logEffect(effect) {
        if (this.effectLog)
            fs.appendFileSync(this.effectLog, `${JSON.stringify(effect)}\n`);
    }

    broken(error, response) {
        console.error(error);
        response.destroy();
    }

    // Resolves to the base address.
    async listen(port = 0, host = '127.0.0.1') {
        await new Promise((done, failed) => this.server.once('error', failed).listen(port, host, done));
        return `${this.scheme}://${host}:${this.server.address().port}`;
    }

    close() {
        this.server.closeAllConnections();
        return new Promise((done) => this.server.close(done));
    }

    schema(version) {
        if (!schemas.has(version))
            schemas.set(version, anySchema(version).schema);
        return schemas.get(version);
    }

    // --- routes -----------------------------------------------------------------------------------------------------

    async serve(request, response) {
        const body = await readBody(request);
        if (body === null)
            return reply(response, 413, { errors: 'Payload Too Large' });
        response.setHeader('Date', new Date(this.clock()).toUTCString());
        const { pathname } = new URL(request.url, 'http://sandbox');
        if (pathname === '/control')
            return control(this, request, response, body);
        const route = /^\/admin\/api\/([\w-]+)\/graphql\.json$/.exec(pathname);
        if (!route || request.method !== 'POST')
            return reply(response, 404, { errors: 'Not Found' });
        return this.graphql(request, response, route[1], body);
    }

    async graphql(request, response, asked, body) {
        const version = servedVersion(asked);
        response.setHeader('X-Shopify-API-Version', version);
        const call = readCall(body);
        this.requests.push({ at_ms: this.clock(), operation: call?.operationName, kind: call?.kind, variables: call?.variables });
        const fault = this.faults.take(call?.kind === 'mutation', body);
        if (fault?.kind === 'delay_before')
            await pause(fault.ms);
        if (fault && this.refuseBy(fault, request, response))
            return;
        if (request.headers['x-shopify-access-token'] !== this.token)
            return reply(response, 401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' });
        if (!call)
            return reply(response, 400, { errors: 'Bad Request' });
        const answer = this.answerFor(call, version, fault);
        await this.send(request, response, answer, fault, call);
    }

    // Faults that carry nothing out. True when the request is finished.
    refuseBy(fault, request, response) {
        if (fault.kind === 'reset')
            this.connections.get(peer(request.socket)).resetAndDestroy();
        else if (fault.kind === 'portal_200')
            html(response, 200);
        else if (fault.kind === 'portal_302')
            html(response, 302, { Location: 'http://portal.invalid/login' });
        else if (fault.kind === 'unauthorised')
            reply(response, 401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' });
        else if (fault.kind === 'status' && !fault.applied)
            reply(response, fault.status, { errors: `status ${fault.status} on demand` });
        else
            return false;
        return true;
    }

    answerFor(call, version, fault) {
        if (fault?.kind === 'throttled' && !fault.applied)
            return this.throttled(0);
        const answer = this.run(call, version);
        return fault?.kind === 'throttled' ? this.throttled(0) : answer;
    }

    throttled(cost) {
        return { errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
            extensions: { cost: { ...this.bucket.status(cost, null) } } };
    }

    run(call, version) {
        const schema = this.schema(version);
        const { document, errors } = checked(schema, version, call.query);
        if (errors)
            return { errors };
        let cost = 0;
        try {
            cost = queryCost(schema, document, call.variables);
            this.bucket.take(cost);
        } catch (error) {
            return { errors: [error.toJSON()], extensions: { cost: this.bucket.status(cost, null) } };
        }
        this.api.version = version;
        const result = execute({ schema, document, rootValue: this.api.root(), variableValues: call.variables,
            operationName: call.operationName });
        for (const error of result.errors ?? [])
            if (error.originalError && !error.extensions?.code)
                console.error(error.originalError);
        return { ...JSON.parse(JSON.stringify(result)), extensions: { cost: this.bucket.status(cost, cost) } };
    }

    async send(request, response, answer, fault, call) {
        if (fault?.kind === 'delay')
            await this.holdBack(fault, call);
        if (fault?.kind === 'reply_lost')
            return request.socket.destroy();
        if (fault?.kind === 'status')
            return reply(response, fault.status, { errors: `status ${fault.status} on demand` });
        if (fault?.kind === 'bad_json')
            return json(response, 200, '{"data": nonsense');
        if (fault?.kind === 'truncated') {
            const text = JSON.stringify(answer);
            response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
            return response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
        }
        return reply(response, 200, answer);
    }

    async holdBack(fault, call) {
        const key = call.variables?.key;
        if (key)
            this.api.keys.setRunning(key, true);
        await pause(fault.ms);
        if (key)
            this.api.keys.setRunning(key, false);
    }
}

function peer(socket) {
    return `${socket.remoteAddress} ${socket.remotePort}`;
}

// The document, or what is wrong with it. The agent sends the same few again and again: each is checked once.
function checked(schema, version, query) {
    const name = `${version} ${query}`;
    if (!documents.has(name))
        documents.set(name, check(schema, query));
    return documents.get(name);
}

function check(schema, query) {
    try {
        const document = parse(query);
        const invalid = validate(schema, document);
        if (invalid.length)
            return { errors: invalid.map((e) => ({ ...e.toJSON(), extensions: { code: 'undefinedField' } })) };
        return { document };
    } catch (error) {
        return { errors: [error.toJSON()] };
    }
}

async function readBody(request) {
    const parts = [];
    let size = 0;
    for await (const part of request) {
        size += part.length;
        if (size > BODY_MAX_BYTES)
            return null;
        parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
}

// {query, variables, operationName, kind} or null.
function readCall(body) {
    try {
        const { query, variables, operationName } = JSON.parse(body);
        if (typeof query !== 'string')
            return null;
        let kind = 'query';
        try {
            const operation = parse(query).definitions.find((d) => d.kind === Kind.OPERATION_DEFINITION);
            kind = operation.operation;
        } catch {
            kind = 'unreadable';
        }
        return { query, variables, operationName, kind };
    } catch {
        return null;
    }
}

export function reply(response, status, value) {
    json(response, status, JSON.stringify(value));
}

function json(response, status, text) {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(text);
}

function html(response, status, headers = {}) {
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', ...headers });
    response.end(LOGIN_PAGE);
}
