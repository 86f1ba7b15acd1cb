// toolchain/run as its user meets it, all but the compiling: a copy of the folder beside programs that are built already, and a cmake
// that does nothing. What is missing is made missing by a row of its list of packages.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, place, source, until } from './agent.mjs';

const MUG = '2900000010000';

// A tree of its own: {p, tree, env}.
function tree(t) {
    const p = place(t);
    const top = p.path('tree');
    cpSync(join(source, 'toolchain'), join(top, 'toolchain'), { recursive: true });
    for (const folder of ['build-run', 'bin']) mkdirSync(join(top, folder));
    for (const program of ['fairstock', 'fairstockd']) symlinkSync(join(build, program), join(top, 'build-run', program));
    p.write('tree/bin/cmake', '#!/bin/sh\nexit 0\n', 0o755);
    const env = { ...process.env, PATH: `${join(top, 'bin')}:${process.env.PATH}`, HOME: p.path('home'), XDG_STATE_HOME: '', SSH_CONNECTION: '' };
    return { p, top, env };
}

const run = ({ top, env }, words, { input = '', more = {} } = {}) =>
    spawnSync(join(top, 'toolchain/run'), words, { input, encoding: 'utf8', timeout: 60000, env: { ...env, ...more } });

async function listening(port) {
    const server = createServer().listen(port, '127.0.0.1');
    await Promise.race([once(server, 'listening'), once(server, 'error').then(() => null)]).catch(() => null);
    return server;
}

test('a taken port is left alone, the next free one is used and named; a second run goes on', async (t) => {
    const it = tree(t);
    const taken = await listening(8377); // when somebody else has it, it is taken just as well
    const first = run(it, ['--once'], { input: `${MUG}\n` });
    assert.equal(first.status, 0, first.stdout + first.stderr);
    const port = /^Port 8377 is taken; the page is on port (\d+) this time\.$/m.exec(first.stdout);
    assert.ok(port && Number(port[1]) > 8377, first.stdout);
    assert.match(first.stdout, /^Blue mug, stoneware +5 /m);
    assert.doesNotMatch(first.stdout, /Going on with/);
    const state = join(it.p.path('home'), '.local/state/fairstock-practice');
    assert.ok(existsSync(join(state, 'ledger.db')), 'where --help says');
    const second = run(it, ['--once'], { input: `${MUG}\n` });
    assert.equal(second.status, 0);
    assert.ok(second.stdout.includes(`Going on with the practice stall in ${state} (start afresh: `), second.stdout);
    assert.match(second.stdout, /^Blue mug, stoneware +4 /m);
    taken.close();
});

test('the first screen: three codes, the page, the exact call of the command, and over SSH the tunnel', async (t) => {
    const it = tree(t);
    const child = spawn(join(it.top, 'toolchain/run'), ['--state', it.p.state], { env: { ...it.env, SSH_CONNECTION: '198.51.100.7 50000 192.0.2.9 22' }, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
    const ended = once(child, 'exit');
    t.after(() => child.kill('SIGKILL'));
    await until('the first screen', () => /Stop with Ctrl-C/.test(said));
    const codes = [...said.matchAll(/^ {3}(\d{8,14}) +\S.*, \d+\.\d\d EUR$/gm)].map((row) => row[1]);
    assert.equal(codes.length, 3, said);
    const page = /^The page: +http:\/\/127\.0\.0\.1:(\d+)\S*$/m.exec(said);
    assert.ok(page, said);
    assert.match(said, new RegExp(`ssh -L ${page[1]}:127\\.0\\.0\\.1:${page[1]} \\S+@192\\.0\\.2\\.9$`, 'm'));
    const call = /^Ask or tell it more: +(.*) status$/m.exec(said)[1];
    const status = spawnSync('sh', ['-c', `${call} status`], { encoding: 'utf8' });
    assert.equal(status.status, 0, status.stderr);
    child.stdin.write(`${codes[1]}\n`);
    await until('the sale', () => /sold +Wool scarf/.test(said));
    child.stdin.end();
    const more = spawnSync('sh', ['-c', `${call} sell ${codes[0]}`], { encoding: 'utf8' });
    assert.equal(more.status, 0, 'the end of input does not end it');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
});

test('wrong options end with the code of fairstockd, and its sentence', (t) => {
    const it = tree(t);
    const wrong = run(it, ['--bogus', '--state', it.p.state, '--listen', '127.0.0.1:0']);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /unknown option --bogus; see fairstockd --help/);
    assert.equal(run(it, ['--state']).status, 2);
    const help = run(it, ['--help']);
    assert.equal(help.status, 0);
    assert.match(help.stdout, /Supported: Debian 12 and Debian 13/);
    const joined = run(it, ['--once', `--state=${it.p.state}`, '--listen=127.0.0.1:0'], { input: '' });
    assert.equal(joined.status, 0, joined.stderr);
    assert.ok(existsSync(join(it.p.state, 'ledger.db')));
    assert.doesNotMatch(joined.stdout, /Port 8377/);
});

test('what is missing where it cannot be installed is named, and nothing is tried', (t) => {
    const it = tree(t);
    if (process.getuid() !== 0 || spawnSync('unshare', ['--mount', 'true']).status !== 0)
        return t.skip('SKIP: needs root and a mount namespace');
    appendFileSync(join(it.top, 'toolchain/packages'), 'run command no-such-command-anywhere a-missing-package\n');
    const release = it.p.write('os-release', 'ID=plan9\nVERSION_ID="4"\n', 0o644);
    const foreign = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount --bind "$1" /etc/os-release && exec "$2"/toolchain/run --once', 'sh', release, it.top],
        { encoding: 'utf8', env: it.env, input: '' });
    assert.equal(foreign.status, 4, foreign.stdout + foreign.stderr);
    assert.match(foreign.stderr, /^Missing here: a-missing-package\n.*Supported: Debian 12 and Debian 13\./m);
    if (!/^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))) return undefined;
    chmodSync(it.p.directory, 0o755);
    it.p.write('tree/bin/sudo', '#!/bin/sh\nexit 1\n', 0o755); // one that asks for a password
    const user = spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', join(it.top, 'toolchain/run'), '--once'],
        { encoding: 'utf8', env: it.env, input: '' });
    assert.equal(user.status, 3, user.stdout + user.stderr);
    assert.match(user.stderr, /needs root.*\napt-get install --yes --no-install-recommends a-missing-package$/m);
    return undefined;
});

// "Your own stall" of the README: what is installed fits together, wherever it is installed.
test('an installed unit starts the program that was installed, with a configuration it accepts', async (t) => {
    const p = place(t);
    for (const prefix of ['/usr', '/opt/fairstock']) {
        const root = p.path(`root${prefix.replaceAll('/', '-')}`);
        const installed = spawnSync('cmake', ['--install', build, '--prefix', prefix], { encoding: 'utf8', env: { ...process.env, DESTDIR: root } });
        assert.equal(installed.status, 0, installed.stderr);
        const unit = readFileSync(join(root, prefix, 'lib/systemd/system/fairstock.service'), 'utf8');
        const [program, ...words] = /^ExecStart=(.*)$/m.exec(unit)[1].split(' ');
        assert.equal(program, join(prefix, 'bin/fairstockd'));
        const manual = /^Documentation=file:(.*)$/m.exec(unit)[1];
        assert.ok(existsSync(join(root, manual)), manual);
        const config = words[words.indexOf('--config') + 1];
        assert.equal(config, prefix === '/usr' ? '/etc/fairstock/fairstock.ini' : `${prefix}/etc/fairstock/fairstock.ini`);
        mkdirSync(join(root, config, '..'), { recursive: true });
        // The unit's own example and the README's: keys that exist, a credential as systemd hands it over.
        const [, key, credential] = /^# Name it in the configuration as +(\w+) = (\S+) /m.exec(unit);
        assert.ok(unit.includes(`#LoadCredential=${credential}:`));
        const readme = readFileSync(join(source, 'README.md'), 'utf8');
        const section = /^ +\[channel shop\]\n(?: +\w+ = .*\n)+/m.exec(readme)[0].replace(/^ +/gm, '');
        assert.ok(section.includes(`${key} = ${credential}\n`), section);
        p.write(`${config}`.replace(/^/, `root${prefix.replaceAll('/', '-')}`), section, 0o644);
        mkdirSync(p.path('credentials'), { recursive: true });
        p.write(`credentials/${credential}`, 'shpat_x\n', 0o400);
        const at = words.map((word, i) => (words[i - 1] === '--config' ? join(root, word) : words[i - 1] === '--state' ? p.path('var') : word));
        const check = spawnSync(join(root, program), [...at, '--listen', 'none', '--scanner', 'stdin', '--check'],
            { encoding: 'utf8', env: { ...process.env, CREDENTIALS_DIRECTORY: p.path('credentials') } });
        assert.equal(check.status, 0, check.stderr);
        for (const file of ['lib/sysusers.d/fairstock.conf', 'lib/udev/rules.d/70-fairstock-scanner.rules', 'lib/udev/rules.d/70-fairstock-light.rules', 'bin/fairstock'])
            assert.ok(existsSync(join(root, prefix, file)), file);
    }
});

test('the service keeps its socket in its runtime directory, where the command looks', async (t) => {
    const p = place(t);
    mkdirSync(p.path('run'));
    const child = spawn(join(build, 'fairstockd'), ['--state', p.state, '--listen', 'none', '--scanner', 'stdin'], { env: { ...process.env, RUNTIME_DIRECTORY: p.path('run') }, stdio: 'ignore' });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await until('the socket', () => existsSync(p.path('run/control.sock')));
    assert.ok(!existsSync(join(p.state, 'control.sock')));
    if (process.getuid() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0) {
        const asked = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /run && mkdir /run/fairstock && mount --bind "$1" /run/fairstock && exec "$2" status', 'sh', p.path('run'), join(build, 'fairstock')],
            { encoding: 'utf8', env: { ...process.env, FAIRSTOCK_STATE: '' } });
        assert.equal(asked.status, 0, asked.stderr);
    }
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
});
