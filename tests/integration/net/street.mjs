// The world outside of the stall: addresses, a name server, a portal, a slow way. Everything listens on addresses of this
// namespace's own loopback interface; the stall reaches them through one veth pair.
import dgram from 'node:dgram';
import https from 'node:https';
import net from 'node:net';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

export const SHOP = '203.0.113.10', PORTAL = '203.0.113.66', SLOW = '203.0.113.20', NAMES = '203.0.113.53';
const STREET = '198.51.100.1', STALL = '198.51.100.2'; // addresses for documentation (RFC 5737)
export const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

// The stall's side of the cable, in a namespace that lives as long as a sleeping process.
export class Stall {
    static async open() {
        const stall = new Stall();
        ip('link', 'set', 'lo', 'up');
        for (const address of [SHOP, PORTAL, SLOW, NAMES])
            ip('address', 'add', `${address}/32`, 'dev', 'lo');
        stall.holder = spawn('unshare', ['--net', 'sh', '-c', 'echo here; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(stall.holder.stdout, 'data');
        ip('link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1', 'netns', String(stall.holder.pid));
        ip('address', 'add', `${STREET}/24`, 'dev', 'veth0');
        ip('link', 'set', 'veth0', 'up');
        stall.ip('link', 'set', 'lo', 'up');
        stall.ip('address', 'add', `${STALL}/24`, 'dev', 'veth1');
        stall.linkUp();
        return stall;
    }

    close() {
        this.holder.kill('SIGKILL');
    }

    inside(command, ...args) {
        return ['nsenter', [`--net=/proc/${this.holder.pid}/ns/net`, command, ...args]];
    }

    ip(...args) {
        return execFileSync(...this.inside('ip', ...args), { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
    }

    linkUp() {
        this.ip('link', 'set', 'veth1', 'up');
        this.routeUp();
    }

    routeUp() {
        this.ip('route', 'replace', 'default', 'via', STREET);
    }
}

// Answers vanish on their way to the stall; nothing on its side shows it.
export const swallow = {
    on: () => ip('route', 'add', 'blackhole', `${STALL}/32`),
    off: () => ip('route', 'del', 'blackhole', `${STALL}/32`),
};

// Answers every question for an A record with `address`; RFC 1035, one question a message.
export class NameServer {
    constructor() {
        this.address = SHOP;
        this.silent = false;
        this.asked = 0;
        this.socket = dgram.createSocket('udp4');
        this.socket.on('message', (question, from) => this.answer(question, from));
    }

    async open() {
        await new Promise((done) => this.socket.bind(53, NAMES, done));
    }

    close() {
        this.socket.close();
    }

    answer(question, from) {
        this.asked++;
        if (this.silent)
            return;
        let end = 12;
        while (question[end])
            end += question[end] + 1;
        const isA = question.readUInt16BE(end + 1) === 1;
        const head = Buffer.from(question.subarray(0, 12));
        head.writeUInt16BE(0x8180, 2); // an answer, recursion available
        head.writeUInt16BE(1, 4);
        head.writeUInt16BE(isA ? 1 : 0, 6);
        head.writeUInt32BE(0, 8);
        const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...this.address.split('.').map(Number)]);
        this.socket.send(Buffer.concat([head, question.subarray(12, end + 5), ...(isA ? [record] : [])]), from.port, from.address);
    }
}

// What answers in the shop's place. mode: 'page' (200 HTML) or 'redirect' (302).
export class Portal {
    constructor(certificate) {
        this.mode = 'page';
        this.met = 0;
        this.at_ms = [];
        this.server = https.createServer(certificate, (request, response) => {
            this.met++;
            this.at_ms.push(Date.now());
            request.resume();
            const [status, headers] = this.mode === 'page' ? [200, {}] : [302, { Location: 'https://login.example/' }];
            // Its clock is years ahead, and no business of ours.
            response.writeHead(status, { 'Content-Type': 'text/html', Date: new Date(Date.now() + 5 * 365 * 86400000).toUTCString(), ...headers });
            response.end('<html><title>Free WiFi</title><form action="/login"></form></html>');
        });
        this.server.on('tlsClientError', () => {}); // a guest who does not trust us
    }

    async open() {
        await new Promise((done) => this.server.listen(443, PORTAL, done));
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

// Each byte is late by half a round trip, in each direction, in order.
export class SlowWay {
    constructor(roundTripMs) {
        this.carried = 0;
        const half = roundTripMs / 2;
        const carry = (from, to) => {
            from.on('data', (bytes) => setTimeout(() => to.write(bytes), half));
            from.on('end', () => setTimeout(() => to.end(), half));
            from.on('error', () => to.destroy());
        };
        this.server = net.createServer({ allowHalfOpen: true }, (near) => {
            this.carried++;
            const far = net.connect({ port: 443, host: SHOP, allowHalfOpen: true });
            carry(near, far);
            carry(far, near);
        });
    }

    async open() {
        await new Promise((done) => this.server.listen(443, SLOW, done));
    }

    close() {
        this.server.close();
    }
}
