// Faults on demand: a list of {kind, times, only…} that the next matching requests meet, in the order they were set.

export const FAULT_KINDS = {
    reply_lost: 'carried out, then the connection is cut without an answer',
    truncated: 'carried out, the answer is cut in the middle',
    delay: 'carried out at once, answered after ms',
    delay_before: 'carried out and answered after ms',
    reset: 'the connection is reset, nothing is carried out',
    throttled: '200 with THROTTLED; applied: carried out all the same (the vendor does not rule it out)',
    status: 'HTTP `status` (default 503) with a JSON body; applied: carried out first',
    portal_200: '200 with a login page, nothing is carried out',
    portal_302: '302 to a login page, nothing is carried out',
    unauthorised: '401 as for a withdrawn token, nothing is carried out',
    bad_json: 'carried out, the answer is not JSON',
};

export class Faults {
    constructor() {
        this.list = [];
        this.duplicateOrders = 0;
        this.met = 0;
    }

    // fault: {kind, times (default 1; -1 until cleared), only: "read"|"write"|undefined, about (a text in the request), ms, status, applied}
    add(fault) {
        if (!(fault.kind in FAULT_KINDS))
            throw new Error(`unknown fault ${fault.kind}; known: ${Object.keys(FAULT_KINDS).join(' ')}`);
        this.list.push({ times: 1, ms: 1000, status: 503, applied: false, ...fault });
    }

    clear() {
        this.list = [];
        this.duplicateOrders = 0;
    }

    // The fault this request meets, or null.
    take(isWrite, body = '') {
        const index = this.list.findIndex((f) => (!f.only || f.only === (isWrite ? 'write' : 'read')) && (!f.about || body.includes(f.about)));
        if (index < 0)
            return null;
        const fault = this.list[index];
        if (fault.times > 0 && --fault.times === 0)
            this.list.splice(index, 1);
        this.met++;
        return fault;
    }
}
