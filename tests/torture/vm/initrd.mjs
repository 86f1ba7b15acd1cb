// What the virtual machine boots from: our guest program, the real agent with the libraries it needs, and the kernel's modules, as a
// cpio archive ("newc": kernel's Documentation/driver-api/early-userspace/buffer-format). Nothing here needs root or a mount.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

// What the machine needs. crc32c: ext4 asks for it by its purpose, which a guest without modprobe cannot answer.
const MODULES = ['crc32c_generic', 'ext4', 'virtio_pci', 'virtio_blk', 'virtio_net'];

const DIRECTORY = 0o040755, PROGRAM = 0o100755, FILE = 0o100600;
const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
function entry(name, mode, bytes, number) {
    const field = (value) => value.toString(16).padStart(8, '0');
    const head = `070701${[number, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0].map(field).join('')}${name}\0`;
    return Buffer.concat([padded(Buffer.from(head)), padded(bytes)]);
}

const librariesOf = (program) => [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);

// The kernel's modules by name, as files. What is built in is no file.
function modulesOf(kernel) {
    const folder = ['lib/modules', 'usr/lib/modules'].map((name) => join(kernel, name)).find(existsSync), found = new Map();
    for (const path of readdirSync(folder, { recursive: true }))
        if (/\.ko(\.xz|\.zst)?$/.test(path))
            found.set(basename(path).replace(/\.ko.*/, '').replaceAll('-', '_'), join(folder, path));
    return found;
}

function readModule(path) {
    const [program, ...args] = path.endsWith('.xz') ? ['xz', '-dc', path] : path.endsWith('.zst') ? ['zstd', '-dcq', path] : ['cat', path];
    return execFileSync(program, args, { maxBuffer: 1 << 26 });
}

// MODULES and what they depend on, in an order in which they can be loaded.
function modules(kernel) {
    const files = modulesOf(kernel), ordered = new Map();
    const add = (name) => {
        if (!files.has(name) || ordered.has(name))
            return;
        const bytes = readModule(files.get(name));
        /\0depends=([^\0]*)\0/.exec(bytes.toString('latin1'))?.[1].split(',').filter(Boolean).forEach((needed) => add(needed.replaceAll('-', '_')));
        ordered.set(name, bytes);
    };
    MODULES.forEach(add);
    return [...ordered].map(([name, bytes], at) => [`modules/${String(at).padStart(2, '0')}-${name}.ko`, FILE, bytes]);
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
