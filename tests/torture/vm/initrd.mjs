// What the virtual machine boots from: our guest program, the real agent with the libraries it needs, and the kernel's modules, as a
// cpio archive ("newc": kernel's Documentation/driver-api/early-userspace/buffer-format). Nothing here needs root or a mount.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

// In the order they are loaded; one that the kernel has built in is no file.
const MODULES = ['drivers/virtio/virtio_ring', 'drivers/virtio/virtio', 'drivers/virtio/virtio_pci_legacy_dev', 'drivers/virtio/virtio_pci_modern_dev',
    'drivers/virtio/virtio_pci', 'drivers/block/virtio_blk', 'net/core/failover', 'drivers/net/net_failover', 'drivers/net/virtio_net'];

const DIRECTORY = 0o040755, PROGRAM = 0o100755, FILE = 0o100600;
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
function entry(name, mode, bytes, number) {
    const field = (value) => value.toString(16).padStart(8, '0');
    const head = `070701${[number, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0].map(field).join('')}${name}\0`;
    return Buffer.concat([padded(Buffer.from(head)), padded(bytes)]);
}

const librariesOf = (program) => [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);

function modules(kernel) {
    const [version] = readdirSync(join(kernel, 'lib/modules')), folder = join(kernel, 'lib/modules', version, 'kernel');
    return MODULES.flatMap((name, at) => {
        const file = ['.ko', '.ko.xz', '.ko.zst'].map((end) => join(folder, name + end)).find(existsSync);
        const unpack = { xz: ['xz', '-dc'], zst: ['zstd', '-dcq'] }[file?.split('.').pop()];
        const bytes = file && (unpack ? execFileSync(unpack[0], [...unpack.slice(1), file], { maxBuffer: 1 << 26 }) : readFileSync(file));
        return file ? [[`modules/${String(at).padStart(2, '0')}-${basename(name)}.ko`, FILE, bytes]] : [];
    });
}

// kernel: an unpacked linux-image package. programs: name in /bin → file. files: name → text. The guest program becomes /init.
export function makeInitrd(path, { kernel, guest, programs, libraries, files }) {
    const entries = [['dev', DIRECTORY, ''], ['state', DIRECTORY, ''], ['bin', DIRECTORY, ''], ['etc', DIRECTORY, ''], ['modules', DIRECTORY, ''],
        ['init', PROGRAM, readFileSync(guest)], ...modules(kernel)];
    const made = new Set(['dev', 'state', 'bin', 'etc', 'modules']);
    const add = (name, mode, bytes) => {
        const parts = name.split('/').slice(0, -1);
        parts.forEach((_, depth) => {
            const directory = parts.slice(0, depth + 1).join('/');
            if (!made.has(directory))
                entries.push([directory, DIRECTORY, '']);
            made.add(directory);
        });
        if (!made.has(name))
            entries.push([name, mode, bytes]);
        made.add(name);
    };
    for (const [name, file] of Object.entries(programs)) {
        add(`bin/${name}`, PROGRAM, readFileSync(file));
        for (const library of librariesOf(file))
            add(library.slice(1), PROGRAM, readFileSync(library));
    }
    for (const [name, file] of Object.entries(libraries))
        add(`lib/${name}`, PROGRAM, readFileSync(file));
    for (const [name, text] of Object.entries(files))
        add(name, FILE, text);
    entries.push(['TRAILER!!!', 0, '']);
    writeFileSync(path, Buffer.concat(entries.map(([name, mode, bytes], number) => entry(name, mode, Buffer.from(bytes), number + 1))));
}
