"""RGB-D images to objects: support, instances in clutter, boxes, colours, identities. The core imports no
ROS.
"""
