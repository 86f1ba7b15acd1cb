// The picture of one scan, drawn from what a real agent said about a real one: nothing in it is made up.

const WIDTH = 920;
const HEIGHT = 330;
const INK = '#222';
const LINE = '#444';
const QUIET = '#555';

const escape = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const number = (n) => (n < 0 ? `−${-n}` : String(n));

// A box with a bold line and further lines below it.
function box(x, y, width, fill, title, ...lines) {
    const middle = x + width / 2;
    const first = y + 42 - lines.length * 11 + 5;
    const words = lines.map((line, i) => `<text x="${middle}" y="${first + 22 * (i + 1)}">${escape(line)}</text>`).join('');
    return `<rect x="${x}" y="${y}" width="${width}" height="84" rx="8" fill="${fill}" stroke="${LINE}" stroke-width="1.5"/>` +
        `<text x="${middle}" y="${first}" font-weight="600">${escape(title)}</text>${words}`;
}

const arrow = (path) => `<path d="${path}"/>`;

// scan: {code, title, before, after, light, shop_before, shop_after}
export function oneScan(scan) {
    const changes = scan.shop_before !== scan.shop_after;
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="15">
<title>One scan: the light says sold only after the sale is safe on the card; the shop hears of it when there is a network.</title>
<defs><marker id="tip" markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto"><path d="M0 0 9 4.5 0 9z" fill="${LINE}"/></marker></defs>
<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="#fbfaf7"/>
<g text-anchor="middle" fill="${INK}">
${box(20, 60, 145, '#fff', 'Scanner', 'beep', scan.code)}
${box(205, 60, 165, '#fff', 'Which item?', scan.title)}
${box(410, 60, 205, '#eef4ee', 'Ledger on the card', `${number(scan.before)} on hand − 1 = ${number(scan.after)}`)}
${box(650, 60, 130, '#d9f2dc', 'Light', scan.light.toUpperCase())}
${box(410, 216, 205, '#fff', 'What is owed?', 'books against shop:', `shows ${number(scan.shop_before)}, should show ${number(scan.shop_after)}`)}
${box(650, 216, 250, '#eef1f8', 'Your online shop', 'orders are read first,', changes ? `then it is lowered to ${number(scan.shop_after)}` : 'nothing to change')}
</g>
<g stroke="${LINE}" stroke-width="1.5" fill="none" marker-end="url(#tip)">
${arrow('M165 102h38')}${arrow('M370 102h38')}${arrow('M615 102h33')}${arrow('M512 144v70')}${arrow('M615 246h33')}${arrow('M650 276h-33')}
</g>
<g fill="${QUIET}" font-size="13">
<text x="20" y="36">At the table: no network needed</text>
<text x="632" y="44" text-anchor="middle">only after the card says: written</text>
<text x="20" y="252">When there is a network,</text><text x="20" y="270">now or in ten hours: within 5 seconds</text><text x="20" y="288">of its return, each change once.</text>
</g>
</svg>
`;
}
