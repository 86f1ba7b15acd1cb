// Certificate authorities and certificates, made by openssl in the test's own folder. Nothing is trusted outside of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CONFIG = (folder) => `
[ca]
default_ca = here
[here]
database = ${folder}/index.txt
serial = ${folder}/serial
new_certs_dir = ${folder}
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
`;
const DAY_MS = 86400000;
const asn1Time = (ms) => new Date(ms).toISOString().replace(/[-:T]/g, '').replace(/\.\d+/, '');

export class Authority {
    constructor(folder, name) {
        mkdirSync(folder);
        this.folder = folder;
        this.config = join(folder, 'openssl.cnf');
        writeFileSync(this.config, CONFIG(folder));
        writeFileSync(join(folder, 'index.txt'), '');
        writeFileSync(join(folder, 'serial'), '01\n');
        this.file = join(folder, 'ca.pem');
        this.openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-extensions', 'authority', '-subj', `/CN=${name}`, '-keyout', join(folder, 'ca.key'), '-out', this.file);
    }

    openssl(command, ...args) {
        execFileSync('openssl', [command, '-config', this.config, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    }

    // {cert, key} for a host name, valid between two moments in days from now.
    issue(host, { from = -1, to = 1 } = {}) {
        const base = join(this.folder, `${host}_${from}_${to}`);
        this.openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${host}`,
            '-keyout', `${base}.key`, '-out', `${base}.csr`);
        writeFileSync(`${base}.ext`, `subjectAltName = DNS:${host}\nextendedKeyUsage = serverAuth\n`);
        this.openssl('ca', '-batch', '-notext', '-in', `${base}.csr`, '-out', `${base}.pem`, '-extfile', `${base}.ext`,
            '-startdate', asn1Time(Date.now() + from * DAY_MS), '-enddate', asn1Time(Date.now() + to * DAY_MS));
        return { cert: readFileSync(`${base}.pem`), key: readFileSync(`${base}.key`) };
    }
}
