// What a person would see and a screen reader say, measured in the page itself.

// No text may be cut off sideways: the page never scrolls horizontally.
export const overflow = (page) => page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => `${element.tagName}.${element.className} reaches ${Math.round(element.getBoundingClientRect().right)} of ${width}`);
});

// Controls that have no name for a screen reader, and ones too small for a thumb (WCAG 2.2, 2.5.8: 24 px).
export const nameless = (page) => page.evaluate(() => {
    const name = (element) => element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent || element.alt || '';
    const visible = [...document.querySelectorAll('button, a[href], input, textarea, summary')].filter((element) => element.checkVisibility());
    return visible.filter((element) => !name(element).trim() || (element.getBoundingClientRect().height < 24 && element.tagName !== 'A' && element.type !== 'checkbox'))
        .map((element) => element.outerHTML.slice(0, 120));
});

// Texts whose contrast with their ground is below WCAG 2.2, 1.4.3 (4.5; 3 for large ones).
export const faint = (page) => page.evaluate(() => {
    const parse = (color) => {
        const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const over = (top, below) => ({ r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1 });
    const ground = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
        return layers.reverse().reduce((below, layer) => over(layer, below), { r: 255, g: 255, b: 255, a: 1 });
    };
    const luminance = ({ r, g, b }) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest('.unseen, .skip, :disabled')) continue;
        const style = getComputedStyle(element);
        const below = ground(element);
        const [light, dark] = [luminance(over(parse(style.color), below)), luminance(below)].sort((a, b) => b - a);
        const contrast = (light + 0.05) / (dark + 0.05);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (contrast < (large ? 3 : 4.5)) found.push(`${contrast.toFixed(2)}: "${node.data.trim().slice(0, 40)}" in ${element.tagName}.${element.className}`);
    }
    return found;
});
