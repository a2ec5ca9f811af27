# Où va chaque règle d'une politique : combien de lignes du plan produit viennent d'elle, et dans quels contextes.
#   awk -f examples/regles.awk examples/cabinet/cabinet.pol build/asterisk/policyc.conf
# Chaque ligne du plan dit la règle dont elle vient : « ; cabinet.pol:46 ».

FNR == 1 && NR == 1 { name = FILENAME; sub(/.*\//, "", name) }

NR == FNR {
  if (/^ *(test|garantie) /) ended = 1
  if (!ended && /^ *(pour|depuis) /) { sub(/ *(#|motif).*/, ""); written[last = FNR] = $0 }
  next
}

/^\[/ { context = $1 }

/^[^;]/ {
  rest = $0
  while ((at = index(rest, name ":")) > 0) {
    rest = substr(rest, at + length(name) + 1)
    rule = rest + 0
    if (!((rule, context) in lines)) contexts[rule] = contexts[rule] " " context
    lines[rule, context]++
  }
}

END {
  for (rule = 1; rule <= last; rule++) {
    if (!(rule in written)) continue
    print (written[rule] ~ /^ *pour / ? "\n" : "") written[rule]
    count = split(contexts[rule], found, " ")
    for (i = 1; i <= count; i++) {
      number = lines[rule, found[i]]
      print "      " found[i] " " number (number == 1 ? " ligne" : " lignes")
    }
  }
}
