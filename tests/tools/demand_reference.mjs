// Prints the table that tests/unit/domain/test_demand.c compares domain/demand.c with, computed another way: the negative
// binomial term by term from its definition as a product, and the units of N orders by convolving the sizes N times. The
// interval of the rate comes from integrating the gamma density by Simpson's rule.
//   node tests/tools/demand_reference.mjs

const cases = [
    // shape, days (of the gamma distribution of orders a day), sizes, days ahead
    [0.5, 30, [1], 0.25],
    [3.5, 97, [0.7, 0.2, 0.1], 0.02],
    [12, 95, [0.5, 0.3, 0, 0, 0, 0.2], 3],
    [0.05, 2, [0.9, 0, 0, 0.1], 10],
    [250, 91, [0.6, 0.4], 60],
];

// P(N = k) for a gamma-Poisson mixture: Π (shape + i - 1) / i × q^k × (1 - q)^shape
function orders(shape, days, ahead, most) {
    const q = ahead / (days + ahead), list = [Math.pow(1 - q, shape)];
    for (let k = 1; k <= most; k++)
        list.push(list[k - 1] * q * (shape + k - 1) / k);
    return list;
}

function beyond([shape, days, sizes, ahead], n) {
    const most = 700, chance = orders(shape, days, ahead, most);
    let units = new Array(n + 1).fill(0), result = 0, seen = 0;
    units[0] = 1;
    for (let k = 0; k <= most; k++) {
        result += chance[k] * (1 - units.reduce((a, b) => a + b, 0));
        seen += chance[k];
        const next = new Array(n + 1).fill(0);
        for (let i = 0; i <= n; i++)
            for (let s = 1; s <= sizes.length && i + s <= n; s++)
                next[i + s] += units[i] * sizes[s - 1];
        units = next;
    }
    return result + (1 - seen);
}

// By t = x^(1/p): the density of a small shape has no value at 0, but t's has.
function interval(shape) {
    const p = Math.max(1, Math.ceil(4 / shape)), steps = 400000, top = Math.pow(shape + 12 * Math.sqrt(shape) + 40, 1 / p), h = top / steps;
    const peak = shape * Math.log(shape) - shape;
    const f = t => t === 0 ? 0 : Math.exp((p * shape - 1) * Math.log(t) - Math.pow(t, p) - peak);
    let sums = [0];
    for (let i = 0; i < steps; i += 2)
        sums.push(sums[sums.length - 1] + h / 3 * (f(i * h) + 4 * f((i + 1) * h) + f((i + 2) * h)));
    const whole = sums[sums.length - 1];
    return [0.025, 0.975].map(wanted => {
        const at = sums.findIndex(s => s / whole >= wanted), part = (wanted * whole - sums[at - 1]) / (sums[at] - sums[at - 1]);
        return Math.pow((at - 1 + part) * 2 * h, p);
    });
}

for (const one of cases) {
    const [shape, days, sizes] = one, size = sizes.reduce((sum, chance, i) => sum + chance * (i + 1), 0);
    const [low, high] = interval(shape).map(x => x * size / days);
    console.log(`    {${one[0]}, ${one[1]}, {${sizes.join(', ')}}, ${one[3]},`);
    console.log(`     {${[0, 1, 2, 5, 20, 200].map(n => beyond(one, n).toExponential(10)).join(', ')}},`);
    console.log(`     {${[shape * size / days, low, high].map(x => x.toExponential(6)).join(', ')}}},`);
}
