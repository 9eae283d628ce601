"""What all folders use and none is about: the environment, arguments, files, seeds."""
