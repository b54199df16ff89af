"""What happened, found in the stored positions: trips, stops, visits of geofences and events.

Whatever is found is a function of one device's positions, the rules and the geofences, and of nothing else:
not of the order in which the positions came, nor of when this ran, nor of how often. `windows` says from
where a device has to be looked at again, `detector` looks, `findings` is what it sees, and `runner` keeps it
going.
"""
