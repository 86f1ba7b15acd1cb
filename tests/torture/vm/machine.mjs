// One virtual machine: qemu without hardware virtualisation (KVM is not to be had everywhere), a Debian kernel, the real agent.
//
// The first serial line is the console, the second the light. What the light wrote is here before the machine is killed, or it was
// never seen. Its disk is a file; what the guest wrote survives the end of qemu, as on a disk that writes at once. `log` makes qemu
// record every write and flush in order (blklogwrites), for the disk with a volatile cache: block_log.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

const ORDER_BYTES = 1 << 20, FREEZE_MAX_MS = 60000;
export const kernelImage = (kernel) => join(kernel, 'boot', readdirSync(join(kernel, 'boot')).find((name) => name.startsWith('vmlinuz-')));

function writeOrder(file, order, recording) {
    const head = Object.entries({ ...order, length: recording.length }).filter(([, value]) => value).map(([key, value]) => `${key} ${value}\n`).join('');
    const text = Buffer.from(`${head}\n${recording}`);
    if (text.length > ORDER_BYTES)
        throw new Error('the recording is too long');
    writeFileSync(file, Buffer.concat([text, Buffer.alloc(ORDER_BYTES - text.length)]));
}

export class Machine {
    // place: { work, kernel, initrd, image }; order: what guest.c reads; log: file of the block log
    constructor(place, order, recording, log = null) {
        Object.assign(this, { place, log, console: '', light: '', seen: [], started_ms: Date.now() });
        writeOrder(join(place.work, 'order.img'), order, recording);
        this.waiting = new Set();
    }

    async start() {
        const { work, kernel, initrd, image } = this.place, path = join(work, 'light.sock');
        rmSync(path, { force: true });
        this.qmp = join(work, 'qmp.sock');
        this.server = net.createServer((line) => {
            this.lightEnded = once(line, 'close');
            line.on('error', () => { /* the end of a killed machine */ });
            line.on('data', (part) => this.hear(part.toString()));
        }).listen(path);
        await once(this.server, 'listening');
    
        const blocks = this.log
            ? ['-blockdev', `node-name=d,driver=blklogwrites,log-sector-size=512,log-append=off,file.driver=raw,file.file.driver=file,file.file.filename=${image},`
                + `log.driver=file,log.filename=${this.log}`]
            : ['-blockdev', `node-name=d,driver=raw,file.driver=file,file.filename=${image}`];
        if (this.log)
            writeFileSync(this.log, '');
        this.child = spawn('qemu-system-x86_64', ['-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', '512', '-smp', '1',
            '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
            '-serial', 'stdio', '-qmp', `unix:${this.qmp},server=on,wait=off`,
            '-chardev', `socket,id=light,path=${path}`, '-serial', 'chardev:light',
            // acpi_pm: beside other work the processor's own counter is calibrated wrongly, and the guest's clock runs minutes ahead.
            '-kernel', kernelImage(kernel), '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1 clocksource=acpi_pm no_timer_check mitigations=off',
            ...blocks, '-device', 'virtio-blk-pci,drive=d',
            '-drive', `if=none,id=o,format=raw,readonly=on,file=${join(work, 'order.img')}`, '-device', 'virtio-blk-pci,drive=o',
            '-netdev', 'user,id=n,restrict=off', '-device', 'virtio-net-pci,netdev=n,romfile='], { stdio: ['ignore', 'pipe', 'pipe'] });
        this.ended = once(this.child, 'exit');
        for (const stream of [this.child.stdout, this.child.stderr])
            stream.on('data', (part) => {
                this.console += part.toString('latin1');
                this.wake();
            });
        return this;
    }

    // A line of the light, and how long the block log was when we saw it: what it says was done before that.
    hear(part) {
        this.light += part;
        const length = this.log ? statSync(this.log).size : 0;
        const lines = this.light.split('\n').length - 1;
        while (this.seen.length < lines)
            this.seen.push(length);
        this.wake();
    }

    wake() {
        for (const look of this.waiting)
            look();
    }

    // Resolves when what is seen satisfies `condition`; rejects when the machine ends before or the time is over.
    until(what, condition, limit_ms) {
        return new Promise((resolve, reject) => {
            const done = (settle, value) => {
                clearTimeout(timer);
                this.waiting.delete(look);
                settle(value);
            };
            const fail = (words) => done(reject, new Error(`${words}, waiting for ${what}\n${this.console.slice(-3000)}`));
            const look = () => {
                const broken = /GUEST broken.*/.exec(this.console);
                if (condition())
                    done(resolve);
                else if (broken)
                    fail(broken[0]);
            };
            const timer = setTimeout(() => fail(`${limit_ms} ms passed`), limit_ms);
            this.waiting.add(look);
            this.ended.then(() => (condition() ? done(resolve) : fail('the machine ended')));
            look();
        });
    }

    said(name) {
        return Number(new RegExp(`GUEST ${name} (\\d+)`).exec(this.console)?.[1] ?? NaN);
    }

    // qemu's own word: processors stop where they are, requests that are under way end and are recorded, so that log and disk agree.
    async freeze() {
        const talk = net.connect(this.qmp);
        let heard = '';
        talk.on('data', (part) => {
            heard += part;
            this.wake();
        });
        talk.write('{"execute":"qmp_capabilities"}\n{"execute":"stop"}\n');
        await this.until('a frozen machine', () => heard.split('"return"').length > 2, FREEZE_MAX_MS);
        talk.destroy();
    }

    // The power is cut: no word to the guest, nothing more reaches the disk.
    async cut() {
        if (this.log)
            await this.freeze();
        this.child.kill('SIGKILL');
        await this.gone();
    }

    async gone() {
        await this.ended;
        await this.lightEnded;
        this.server.close();
        this.ended_ms = Date.now();
    }
}
