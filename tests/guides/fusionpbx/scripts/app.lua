-- Stands for FusionPBX's own script of that name: the first argument is the application to run.
loadfile(freeswitch.getGlobalVariable("script_dir") .. "/app/" .. argv[1] .. "/index.lua")(argv)
