// The file that fake_clock.c answers from: one clock of a machine, boot by boot.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';

export class FakeClock {
    constructor(path) {
        this.path = path;
        this.said = { wall: 0, boottime: 0, synced: false };
        writeFileSync(path, '');
        execFileSync('mkfifo', [`${path}.set`]);
    }

    // What fairstockd needs to be shown it.
    environment() {
        return { LD_PRELOAD: process.env.FAIRSTOCK_FAKE_CLOCK, FAKE_CLOCK: this.path,
            ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0:verify_asan_link_order=0` };
    }

    tell(change) {
        Object.assign(this.said, change);
        const bytes = Buffer.alloc(24);
        [this.said.wall, this.said.boottime, this.said.synced ? 1 : 0].forEach((value, i) => bytes.writeBigInt64LE(BigInt(Math.round(value)), i * 8));
        const file = openSync(this.path, 'r+');
        writeSync(file, bytes, 0, bytes.length, 0);
        closeSync(file);
    }

    // The wall clock from now on.
    shows(wall_ms, more = {}) {
        this.tell({ wall: wall_ms - Date.now(), ...more });
    }

    // Somebody sets it, and the kernel says so.
    set(wall_ms, more = {}) {
        this.shows(wall_ms, more);
        const file = openSync(`${this.path}.set`, 'r+');
        writeSync(file, 'x');
        closeSync(file);
    }

    // A boot of its own, `up` milliseconds ago.
    boot(wall_ms, { up = 20000, synced = false } = {}) {
        writeFileSync(`${this.path}.boot`, `${randomBytes(16).toString('hex')}\n`);
        this.shows(wall_ms, { boottime: up - uptime() * 1000, synced });
    }

    skip(ms) {
        this.tell({ wall: this.said.wall + ms, boottime: this.said.boottime + ms });
    }
}
