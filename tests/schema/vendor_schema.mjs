// Finds the vendor's GraphQL schema. Owns where it may come from; never changes what it says.
//
// Two independent copies may exist, and tests use both: the introspection result inside the pinned npm package
// @shopify/dev-mcp (a dev dependency), and SDL files in a folder outside the tree (FAIRSTOCK_SPECS, else ../shared/specs
// beside the project). Neither is committed here.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { buildClientSchema, buildSchema } from 'graphql';

const tests = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export const PINNED_VERSION = '2026-07';
export const SPEC_VERSIONS = ['2026-04', '2026-07', '2026-10'];

// What the pruned files leave out and the claim needs; as the packaged schema has it.
const CLAIM_TYPES = `
extend type AppInstallation { metafield(key: String!, namespace: String): Metafield }
type Metafield { compareDigest: String! key: String! namespace: String! type: String! value: String! }
input MetafieldsSetInput { compareDigest: String key: String! namespace: String ownerId: ID! type: String value: String! }
type MetafieldsSetUserError implements DisplayableError { code: MetafieldsSetUserErrorCode elementIndex: Int field: [String!] message: String! }
enum MetafieldsSetUserErrorCode { APP_NOT_AUTHORIZED INVALID INVALID_COMPARE_DIGEST INVALID_VALUE STALE_OBJECT }
type MetafieldsSetPayload { metafields: [Metafield!] userErrors: [MetafieldsSetUserError!]! }
extend type Mutation { metafieldsSet(metafields: [MetafieldsSetInput!]!): MetafieldsSetPayload }
`;

function introspectionFile(version) {
    return path.join(tests, 'node_modules', '@shopify', 'dev-mcp', 'dist', 'data', `admin_${version}.json.gz`);
}

// The schema from the npm package, or null when `npm ci` has not been run in tests/.
export function packagedSchema(version = PINNED_VERSION) {
    const file = introspectionFile(version);
    if (!fs.existsSync(file))
        return null;
    const answer = JSON.parse(zlib.gunzipSync(fs.readFileSync(file)).toString('utf8'));
    return { schema: buildClientSchema(answer.data ?? answer), source: `npm @shopify/dev-mcp, admin ${version}` };
}

// Where SDL files are looked for.
export function specsFolder() {
    return process.env.FAIRSTOCK_SPECS ?? path.resolve(tests, '..', '..', 'shared', 'specs');
}

// The schema from an SDL file, or null when that file is absent.
export function specSchema(version = PINNED_VERSION) {
    const file = path.join(specsFolder(), `shopify-admin-${version}-pruned.graphql`);
    if (!fs.existsSync(file))
        return null;
    const text = fs.readFileSync(file, 'utf8');
    return { schema: buildSchema(text.includes('metafieldsSet(') ? text : text + CLAIM_TYPES), source: file };
}

// Any copy of the pinned version, the package first. Throws a sentence that says what to do.
export function anySchema(version = PINNED_VERSION) {
    const found = packagedSchema(version) ?? specSchema(version);
    if (!found)
        throw new Error(`no Shopify schema ${version}: run "npm ci" in tests/, or set FAIRSTOCK_SPECS to the folder with ` +
            `shopify-admin-${version}-pruned.graphql`);
    return found;
}
