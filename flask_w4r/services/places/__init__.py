"""The gazetteer: towns and postcodes found without asking anybody outside. ``search`` finds, ``load`` stores, ``geo`` measures."""
