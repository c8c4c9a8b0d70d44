"""The environment that the workspace is built and run in. Standard library only.

`lab` calls this package before anything is installed, so nothing here may import a third-party module.
One module a concern:

    machine        what the platform and the system packages must offer
    distribution   a sourced ROS 2 distribution, or the wheels
    wheels         the virtual environment: created, filled from requirements.lock, CMake files corrected
    workspace      which packages to build, and building them with colcon
    variables      the environment variables of every process that `lab` starts
    steps          the set-up: the steps in order; each is skipped when its digest says that it is done
    console        progress, the log file, failures as one sentence
"""
