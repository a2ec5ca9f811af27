-- Answers for dialplans as FusionPBX does: the entries of the context, of ${domain_name} and of global, in order.
-- The entries are in entries.lua; there is no database. Other sections are left to the files.
if XML_REQUEST["section"] ~= "dialplan" then
	return
end
local context = params and (params:getHeader("Hunt-Context") or params:getHeader("Caller-Context")) or "public"
local found = {}
for _, entry in ipairs(dofile(freeswitch.getGlobalVariable("script_dir") .. "/entries.lua")) do
	local everywhere = entry.context == "global" or entry.context == "${domain_name}"
	if entry.context == context or (context ~= "public" and everywhere) then
		table.insert(found, entry.xml)
	end
end
XML_STRING = '<document type="freeswitch/xml"><section name="dialplan"><context name="' .. context .. '">'
	.. table.concat(found, "\n") .. "</context></section></document>"
