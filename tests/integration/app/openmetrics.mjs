// A strict reader of OpenMetrics 1.0 text, written from the specification and not from our writer: names, escapes, metadata before
// samples, no interleaving, suffixes by type, units, cumulative buckets with +Inf, counts that agree, one EOF at the very end.
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/, LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SUFFIXES = { counter: ['_total', '_created'], gauge: [''], info: ['_info'], histogram: ['_bucket', '_count', '_sum', '_created'], unknown: [''],
    summary: ['', '_count', '_sum', '_created'], stateset: [''] };

function fail(line, words) {
    throw new Error(`line ${line + 1}: ${words}`);
}

function number(text, at) {
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) && !/^([+-]Inf|NaN)$/.test(text)) fail(at, `${text} is no number`);
    return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

function unescape(text, at) {
    return text.replace(/\\(.?)/gs, (_, c) => ({ n: '\n', '"': '"', '\\': '\\' })[c] ?? fail(at, `a backslash before ${JSON.stringify(c)}`));
}

// `{a="b",…}` from position 0: [labels, rest]
function readLabels(text, at) {
    const labels = new Map();
    let rest = text.slice(1);
    if (rest.startsWith('}')) return [labels, rest.slice(1)];
    for (;;) {
        const found = /^([^=]*)="((?:[^"\\\n]|\\.)*)"(.)/s.exec(rest);
        if (!found) fail(at, `labels are not readable: ${rest}`);
        const [all, name, value, next] = found;
        if (!LABEL.test(name)) fail(at, `${name} is no label name`);
        if (labels.has(name)) fail(at, `label ${name} twice`);
        labels.set(name, unescape(value, at));
        rest = rest.slice(all.length);
        if (next === '}') return [labels, rest];
        if (next !== ',') fail(at, `${next} behind a label`);
    }
}

function readSample(text, at) {
    const name = /^[^{ ]*/.exec(text)[0];
    if (!NAME.test(name)) fail(at, `${name} is no metric name`);
    const [labels, rest] = text[name.length] === '{' ? readLabels(text.slice(name.length), at) : [new Map(), text.slice(name.length)];
    const value = /^ ([^ ]+)$/.exec(rest); // we write neither timestamps nor exemplars
    if (!value) fail(at, `no single value: ${JSON.stringify(rest)}`);
    return { name, labels, value: number(value[1], at) };
}

function checkHistogram(family) {
    const groups = new Map();
    for (const sample of family.samples) {
        const { le, ...others } = Object.fromEntries(sample.labels);
        const key = JSON.stringify(Object.entries(others).sort());
        const group = groups.get(key) ?? groups.set(key, { buckets: [] }).get(key);
        if (sample.suffix === '_bucket') {
            if (le === undefined) fail(sample.at, 'a bucket without le');
            if (le !== '+Inf' && !/^\d+\.\d+$/.test(le)) fail(sample.at, `le ${le} is not canonical`);
            group.buckets.push([number(le, sample.at), sample.value]);
        } else {
            if (le !== undefined) fail(sample.at, 'le outside a bucket');
            if (group[sample.suffix] !== undefined) fail(sample.at, `${sample.suffix} twice`);
            group[sample.suffix] = sample.value;
        }
    }
    for (const { buckets, _count, _sum } of groups.values()) {
        if (buckets.at(-1)?.[0] !== Infinity) throw new Error(`${family.name}: the last bucket is not +Inf`);
        for (let i = 1; i < buckets.length; i++)
            if (!(buckets[i][0] > buckets[i - 1][0]) || buckets[i][1] < buckets[i - 1][1]) throw new Error(`${family.name}: buckets do not rise at ${buckets[i]}`);
        if (_count !== buckets.at(-1)[1]) throw new Error(`${family.name}: count ${_count} is not the last bucket's`);
        if (!(_sum >= 0)) throw new Error(`${family.name}: no sum`);
        if (buckets.some(([, n]) => !Number.isInteger(n) || n < 0)) throw new Error(`${family.name}: a bucket is no count`);
    }
    return groups;
}

function checkFamily(family) {
    if (!family.type) throw new Error(`${family.name}: no TYPE`);
    if (family.unit && !family.name.endsWith(`_${family.unit}`)) throw new Error(`${family.name}: does not end with its unit ${family.unit}`);
    const seen = new Set();
    for (const { name, labels, suffix, value, at } of family.samples) {
        const id = `${name}${JSON.stringify([...labels].sort())}`;
        if (seen.has(id)) fail(at, 'the same sample twice');
        seen.add(id);
        if (suffix === '_total' && !(value >= 0)) fail(at, 'a counter below zero');
        if (family.type === 'info' && value !== 1) fail(at, 'an info is 1');
    }
    if (family.type === 'histogram') family.groups = checkHistogram(family);
}

// The text of one exposition: Map of families {name, type, unit, help, samples: [{name, suffix, labels, value}]}.
export function parse(text) {
    if (!text.endsWith('# EOF\n')) throw new Error('no EOF at the end');
    if (text.includes('\r')) throw new Error('a carriage return');
    const lines = text.slice(0, -1).split('\n');
    const families = new Map();
    let family = null;
    lines.slice(0, -1).forEach((line, at) => {
        const meta = /^# (TYPE|UNIT|HELP) ([^ ]+) ?(.*)$/s.exec(line);
        if (line === '# EOF') fail(at, 'EOF before the end');
        if (line.startsWith('#') && !meta) fail(at, 'a comment that is no metadata');
        if (meta) {
            const [, what, name, rest] = meta;
            if (!NAME.test(name)) fail(at, `${name} is no metric name`);
            if (family?.name !== name) {
                if (families.has(name)) fail(at, `family ${name} is interleaved`);
                families.set(name, family = { name, samples: [] });
            }
            if (family.samples.length) fail(at, 'metadata behind samples');
            if (family[what.toLowerCase()] !== undefined) fail(at, `${what} twice`);
            if (what === 'TYPE' && !(rest in SUFFIXES)) fail(at, `no type ${rest}`);
            if (what === 'UNIT' && !/^[a-z_]+$/.test(rest)) fail(at, `no unit ${rest}`);
            family[what.toLowerCase()] = what === 'HELP' ? unescape(rest, at) : rest;
            return;
        }
        const sample = readSample(line, at);
        const suffix = (SUFFIXES[family?.type] ?? []).find((s) => sample.name === family.name + s);
        if (suffix === undefined) fail(at, `${sample.name} does not belong to the ${family?.type} ${family?.name}`);
        family.samples.push({ ...sample, suffix, at });
    });
    for (const each of families.values()) checkFamily(each);
    return families;
}
