// What a disk with a volatile cache may hold after a power cut. qemu's blklogwrites recorded every write and flush in order (the layout
// is Linux's dm-log-writes: Documentation/admin-guide/device-mapper/log-writes.rst). What came before the last flush is there; of what came
// after it, any sector may be there or not.
import { closeSync, copyFileSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';

const MAGIC = 0x6a736677736872n, SECTOR = 512, FLUSH = 1, FUA = 2, DISCARD = 4;
const number = (bytes, at) => Number(bytes.readBigUInt64LE(at));

export class BlockLog {
    // base: the image before the first write of the log; borrowed, and the caller's to keep unchanged
    constructor(base, file) {
        this.base = base;
        this.bytes = readFileSync(file);
        if (this.bytes.readBigUInt64LE(0) !== MAGIC || number(this.bytes, 8) !== 1 || this.bytes.readUInt32LE(24) !== SECTOR)
            throw new Error('not a block log that we know');
        this.entries = [];
        for (let at = SECTOR; at + SECTOR <= this.bytes.length;) {
            const flags = number(this.bytes, at + 16), length = number(this.bytes, at + 8) * SECTOR;
            const end = at + SECTOR + (flags & DISCARD ? 0 : length);
            if (end > this.bytes.length)
                throw new Error('the block log ends within a write');
            if (flags & FUA)
                throw new Error('a write that asks for its own flush: not handled');
            this.entries.push({ at: number(this.bytes, at) * SECTOR, length: flags & DISCARD ? 0 : length, data: at + SECTOR, flush: Boolean(flags & FLUSH), end });
            at = end;
        }
    }

    get flushes() {
        return this.entries.filter(({ flush }) => flush).length;
    }

    // Where in the log's file the first `count` entries end: what the light said before was said before a cut there.
    position(count) {
        return count ? this.entries[count - 1].end : SECTOR;
    }

    // How many entries there were when the log's file had so many bytes.
    countAt(position) {
        return this.entries.findLastIndex(({ end }) => end <= position) + 1;
    }

    // Writes the image that a cut after `count` entries may leave to `file`. keep(sectors) says for one waiting write which of its
    // sectors arrived: an array of booleans. Returns how many writes waited.
    cut(file, count, keep) {
        const last = this.entries.slice(0, count).findLastIndex(({ flush }) => flush);
        copyFileSync(this.base, file);
        const image = openSync(file, 'r+');
        this.entries.slice(0, count).forEach(({ at, length, data }, i) => {
            const there = i <= last ? null : keep(length / SECTOR);
            for (let from = 0; from < length;) {
                let to = from + SECTOR;
                while (there && to < length && there[to / SECTOR] === there[from / SECTOR])
                    to += SECTOR;
                to = there ? to : length;
                if (!there || there[from / SECTOR])
                    writeSync(image, this.bytes, data + from, to - from, at + from);
                from = to;
            }
        });
        closeSync(image);
        return this.entries.slice(last + 1, count).filter(({ length }) => length).length;
    }

    // The whole log over the base is the image that qemu left, byte for byte: proof that the log is read as it was written.
    proves(image, scratch) {
        this.cut(scratch, this.entries.length, (sectors) => Array(sectors).fill(true));
        return statSync(image).size === statSync(scratch).size && sameBytes(image, scratch);
    }
}

function sameBytes(one, other) {
    const files = [one, other].map((path) => openSync(path, 'r')), parts = [Buffer.alloc(1 << 22), Buffer.alloc(1 << 22)];
    try {
        for (;;) {
            const [got, got_other] = files.map((file, i) => readSync(file, parts[i], 0, parts[i].length));
            if (got !== got_other || !parts[0].subarray(0, got).equals(parts[1].subarray(0, got)))
                return false;
            if (!got)
                return true;
        }
    } finally {
        files.forEach(closeSync);
    }
}
