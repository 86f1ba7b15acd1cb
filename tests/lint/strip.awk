# C source without comments and without what is inside string and character literals; line numbers stay.
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (comment) {
            if (two == "*/") {
                comment = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\")
                i++
            else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (two == "/*") {
            comment = 1
            i++
        } else if (two == "//")
            break
        else {
            if ((c == "\"" || c == "'") && $0 !~ /^[ \t]*#[ \t]*include/)
                quote = c
            out = out c
        }
    }
    quote = ""
    print out
}
