"""FreeSWITCH: `render` writes its XML dialplan."""
