"""What tactile pads tell of a grip: contact, slip, friction, hardness, weight; and how hard to grip. No
ROS.
"""
